import { Machines, type MachinesOptions } from 'rxjs-threading/redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { type RedisServer, redisServer } from '../../support/redis-server.js';
import { farMachines } from './far-machines.js';

const make = (options: MachinesOptions): Machines => new Machines(options);

/** Where a battery takes place: who does something, and who does the other thing. */
export interface Place {
  readonly a: Machines;
  /** The same as `a`, or another session of the namespace. */
  readonly b: Machines;
  /** Whether `b` is another session. */
  readonly apart: boolean;
  /** Of whatever a test makes: its own. */
  readonly name: string;
  /** One more session of the namespace, until the test is over. */
  another(): Machines;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

let namespaces = 0;
let names = 0;

/** The battery on each engine, by one Machines, by two, and by those of two processes. */
export function inEachPlace(battery: (place: Place) => void): void {
  describe.each([
    ['in memory, one session', 'memory', 1],
    ['in memory, two sessions', 'memory', 2],
    ['on Redis, one session', 'redis', 1],
    ['on Redis, two sessions', 'redis', 2],
    ['on Redis, two processes', 'redis', 2, farMachines],
  ] as const)('%s', (_title, engine, sessions, elsewhere = make) => {
    const namespace = `n${process.pid}-${namespaces++}`;
    let server: RedisServer | undefined;
    let others: Machines[] = [];
    const options = () => ({ connection: server?.url ?? 'memory', namespace, lease: 5000, grace: false });
    const place: Writable<Place> = {
      name: '',
      apart: sessions > 1,
      another(): Machines {
        const other = elsewhere(options());
        others.push(other);
        return other;
      },
    } as Place;

    beforeAll(async () => {
      if (engine === 'redis') server = await redisServer();
      place.a = make(options());
      place.b = sessions === 1 ? place.a : elsewhere(options());
      await Promise.all([place.a.open(), place.b.open()]);
    });
    beforeEach(() => {
      place.name = `x${names++}`;
    });
    afterEach(async () => {
      await Promise.all(others.map((other) => other.close()));
      others = [];
    });
    afterAll(async () => {
      await Promise.all([place.a.close(), place.b.close()]);
      await server?.stop();
    });

    battery(place);
  });
}
