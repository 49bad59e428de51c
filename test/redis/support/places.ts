import { Machines } from 'rxjs-threading/redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { type RedisServer, redisServer } from '../../support/redis-server.js';

/** Where a battery takes place: who does something, and who does the other thing. */
export interface Place {
  readonly a: Machines;
  /** The same as `a`, or another session of the namespace. */
  readonly b: Machines;
  readonly namespace: string;
  /** One more session of the namespace. */
  another(): Machines;
}

let namespaces = 0;

/** The battery on each engine, by one Machines and by two. */
export function inEachPlace(battery: (place: Place) => void): void {
  describe.each([
    ['in memory, one session', 'memory', 1],
    ['in memory, two sessions', 'memory', 2],
    ['on Redis, one session', 'redis', 1],
    ['on Redis, two sessions', 'redis', 2],
  ] as const)('%s', (_title, engine, sessions) => {
    let server: RedisServer | undefined;
    let made: Machines[] = [];
    const place = {
      namespace: '',
      another(): Machines {
        const connection = server?.url ?? 'memory';
        const machines = new Machines({ connection, namespace: place.namespace, lease: 3000, grace: false });
        made.push(machines);
        return machines;
      },
    } as Place & { namespace: string; a: Machines; b: Machines };

    if (engine === 'redis') {
      beforeAll(async () => {
        server = await redisServer();
      });
      afterAll(() => server?.stop());
    }
    beforeEach(async () => {
      place.namespace = `n${process.pid}-${namespaces++}`;
      place.a = place.another();
      place.b = sessions === 1 ? place.a : place.another();
      await Promise.all([place.a.open(), place.b.open()]);
    });
    afterEach(async () => {
      await Promise.all(made.map((machines) => machines.close()));
      made = [];
    });

    battery(place);
  });
}
