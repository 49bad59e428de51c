import * as rxjs from 'rxjs';
import * as library from 'rxjs-threading';
import * as monitor from 'rxjs-threading/monitor';
import { run } from './run.cjs';

await run(library, monitor, rxjs);
