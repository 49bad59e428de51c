import { of } from 'rxjs';
import { Lock, withLock } from 'rxjs-threading';

const lock = new Lock();
of(1, 2)
  .pipe(withLock(lock, (value) => of(lock.locked() && value)))
  .subscribe((value) => console.log(value));
