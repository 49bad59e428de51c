import { threadModule } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';

/** A process that reads a stream, until it is killed. */
const { url, namespace, lease, target } = JSON.parse(process.argv[2]);
const machines = new Machines({ connection: url, namespace, lease });
const targets = threadModule(new URL('jobs.targets.js', import.meta.url));
machines.pool('jobs').stream(targets[target], [3]).subscribe();
