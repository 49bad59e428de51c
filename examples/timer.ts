// Says hello after a while: `npm run demo timer 30` after 30 seconds.
import { Timer } from 'rxjs-threading';
import { seconds } from './pace.js';

const interval = Number(process.argv[2] ?? 1);
new Timer(seconds(interval), () => console.log('hello, world')).start();
console.log(`after ${interval} seconds, "hello, world" will be printed`);
