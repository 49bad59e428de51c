import { setWorkerFile } from 'rxjs-threading';

setWorkerFile(new URL('./worker-bundle.cjs', import.meta.url));
