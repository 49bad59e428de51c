// What holds for every operator, where what is in the way is on another machine.
import { Machines } from 'rxjs-threading/redis';
import { afterAll, beforeAll, describe } from 'vitest';
import { asynchronousMappingLaws, operatorLaws } from '../support/operator-laws.js';
import { type RedisServer, redisServer } from '../support/redis-server.js';
import { forReal } from '../support/watch.js';
import {
  overBarrier,
  overCondition,
  overEvent,
  overTakable,
  overTime,
  type Sessions,
} from './support/bound-machines.js';
import { farMachines } from './support/far-machines.js';

describe.each(['memory', 'redis', 'redis, from another process'])('by an engine of the kind %s:', (kind) => {
  let server: RedisServer | undefined;
  let names = 0;
  const sessions = { name: () => `x${names++}` } as { -readonly [K in keyof Sessions]: Sessions[K] };
  beforeAll(async () => {
    if (kind !== 'memory') server = await redisServer();
    const connection = server?.url ?? 'memory';
    const options = { connection, namespace: `laws-${process.pid}`, lease: 5000, grace: false };
    sessions.here = new Machines(options);
    sessions.there = kind.includes('process') ? farMachines(options) : new Machines(options);
    await Promise.all([sessions.here.open(), sessions.there.open()]);
  });
  afterAll(async () => {
    await Promise.all([sessions.here.close(), sessions.there.close()]);
    await server?.stop();
  });

  asynchronousMappingLaws('withLock over a RemoteLock', forReal, () =>
    overTakable(sessions, (machines, name) => machines.lock(name)),
  );
  asynchronousMappingLaws('withLock over a RemoteRLock', forReal, () =>
    overTakable(sessions, (machines, name) => machines.rlock(name)),
  );
  asynchronousMappingLaws('withLock over a RemoteSemaphore', forReal, () =>
    overTakable(sessions, (machines, name) => machines.semaphore(name, 1)),
  );
  operatorLaws('awaitEvent over a RemoteEvent', forReal, () => overEvent(sessions));
  operatorLaws('barrierZip over a RemoteBarrier', forReal, () => overBarrier(sessions));
  operatorLaws('timerDelay over a RemoteEvent', forReal, () => overTime(sessions));
  asynchronousMappingLaws('awaitCondition over a RemoteCondition', forReal, () => overCondition(sessions));
});
