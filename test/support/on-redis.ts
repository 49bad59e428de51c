import { Redis } from 'ioredis';
import {
  Machines,
  type MachinesOptions,
  type RemoteLock,
  type RemoteLockOptions,
} from 'rxjs-threading/redis';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { endMachines, Machine, type MachineOptions } from './machine.js';
import { type RedisServer, redisServer } from './redis-server.js';

/** What a test file has on a Redis of its own. */
export interface OnRedis {
  readonly server: RedisServer;
  readonly namespace: string;
  /** A client of its own, for a look behind the curtain. */
  readonly client: Redis;
  /** A Machines that all tests of the file share. */
  shared(index: number): Machines;
  /** So many locks of one name, of as many Machines that the tests share; each call another name. */
  locks(count: number, options?: RemoteLockOptions): RemoteLock[];
  /** A Machines of the test's own, closed behind it. */
  machines(options?: Partial<MachinesOptions>): Machines;
  /** A process of its own, ended behind the test. */
  machine(options?: Partial<MachineOptions>): Promise<Machine>;
  /** How many wait for a thing, as the engine sees it. */
  waiting(thing: string): Promise<number>;
  /** As if the engine had given that session up. */
  endSession(session: string): Promise<unknown>;
}

const NAMESPACE = 'test';

/** Starts a server before the first test, and ends it behind the last. */
export function onRedis({ lease = 1000 }: { readonly lease?: number } = {}): OnRedis {
  const started: { server?: RedisServer; client?: Redis } = {};
  const shared: Machines[] = [];
  const own = new Set<Machines>();
  let names = 0;
  beforeAll(async () => {
    started.server = await redisServer();
    started.client = new Redis(started.server.url);
  });
  afterEach(async () => {
    await endMachines();
    await Promise.all([...own].map((machines) => machines.close()));
    own.clear();
  });
  afterAll(async () => {
    await Promise.all(shared.map((machines) => machines.close()));
    started.client?.disconnect();
    await started.server?.stop();
  });
  const base = () => ({ namespace: NAMESPACE, name: `m${++names}`, lease, grace: false });
  const redis: OnRedis = {
    namespace: NAMESPACE,
    get server() {
      if (started.server === undefined) throw new Error('the server has not been started yet');
      return started.server;
    },
    get client() {
      if (started.client === undefined) throw new Error('the server has not been started yet');
      return started.client;
    },
    shared(index) {
      shared[index] ??= new Machines({ ...base(), connection: redis.server.url });
      return shared[index];
    },
    locks(count, options) {
      const name = `lock${++names}`;
      return Array.from({ length: count }, (_, index) => redis.shared(index).lock(name, options));
    },
    machines(options) {
      const made = new Machines({ ...base(), connection: redis.server.url, ...options });
      own.add(made);
      return made;
    },
    machine: (options) =>
      Machine.start({ ...base(), url: redis.server.url, lock: `lock${++names}`, ...options }),
    waiting: (thing) => redis.client.zcard(`{${NAMESPACE}}:q:${thing}`),
    endSession: (session) => redis.client.zadd(`{${NAMESPACE}}:ses`, 1, session),
  };
  return redis;
}
