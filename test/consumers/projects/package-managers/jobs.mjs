import { of } from 'rxjs';
import { currentThread } from 'rxjs-threading';

export const stream = () => of(currentThread().name);
