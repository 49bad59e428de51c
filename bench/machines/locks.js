// Locks between machines, beside redis-semaphore and redlock, on one redis-server: free, contended, awaited by many, and with
// a blocked event loop.
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Mutex } from 'redis-semaphore';
import Redlock from 'redlock';
import { Machines } from 'rxjs-threading/redis';
import { checkEqual, interleave, median, note, quick, row, scaled } from '../harness.js';
import { redisServer, turnableLink } from './server.js';

const CONTENDERS = 8;
const INSIDE = 2;
const OUTSIDE = 8;
const WAITERS = 200;

const server = await redisServer();
const { port } = server;
const observer = new Redis({ port });

/** Each of them: a client of its own, how it takes the lock `name`, and how it ends. `take` gives how to release. */
const KINDS = {
  ours: async ({ lease = 10_000, at = port, grace = false } = {}) => {
    const machines = new Machines({
      connection: `redis://127.0.0.1:${at}`,
      namespace: 'bench',
      lease,
      grace,
    });
    await machines.open();
    return {
      async take(name) {
        const held = await machines.lock(name).hold();
        return () => held.release();
      },
      end: () => machines.close(),
    };
  },
  'redis-semaphore': async ({ lease = 10_000, at = port } = {}) => {
    const redis = new Redis({ port: at });
    // Of a connection that is cut: it makes another.
    redis.on('error', () => {});
    return {
      async take(name) {
        const mutex = new Mutex(redis, name, {
          lockTimeout: lease,
          acquireTimeout: 120_000,
          onLockLost: () => {},
        });
        await mutex.acquire();
        return () => mutex.release();
      },
      end: () => redis.quit(),
    };
  },
  'redlock at 10 ms': async () => {
    const redis = new Redis({ port });
    const redlock = new Redlock([redis], { retryCount: -1, retryDelay: 10, retryJitter: 5 });
    // What it could not get at once is no news.
    redlock.on('error', () => {});
    return {
      async take(name) {
        const lock = await redlock.acquire([`redlock:${name}`], 60_000);
        return () => lock.release();
      },
      end: () => redis.quit(),
    };
  },
};
const OTHERS = Object.keys(KINDS).filter((kind) => kind !== 'ours');

const each = (run) =>
  Object.fromEntries(Object.entries(KINDS).map(([kind, make]) => [kind, () => run(make, kind)]));

/** Runs with so many clients, and ends them. */
async function withClients(make, count, run) {
  const clients = await Promise.all(Array.from({ length: count }, () => make()));
  try {
    return await run(clients);
  } finally {
    for (const client of clients) await client.end();
  }
}

function quantile(figures, part) {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

function compare(job, figures, reaches, of = (figure) => figure) {
  for (const [at, other] of OTHERS.entries())
    row(job, of(figures.ours), other, of(figures[other]), reaches[at]);
}

/** ms of a hold and a release of a free lock, p50. */
function free(make) {
  return withClients(make, 1, async ([client]) => {
    const times = [];
    for (let i = 0; i < scaled(2000); i++) {
      const start = performance.now();
      await (await client.take('free'))();
      times.push(performance.now() - start);
    }
    return quantile(times, 0.5);
  });
}

/** Waits of each kind, and how often one was served before another that had asked earlier. */
const waits = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]));
const overtaken = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]));

/** ms for an acquisition, of those of all contenders. */
function contended(make, kind) {
  return withClients(make, CONTENDERS, async (clients) => {
    const rounds = scaled(60);
    let inside = 0;
    const asked = [];
    const times = [];
    const start = performance.now();
    await Promise.all(
      clients.map(async (client) => {
        for (let round = 0; round < rounds; round++) {
          const since = performance.now();
          const release = await client.take('contended');
          times.push(performance.now() - since);
          asked.push(since);
          checkEqual('inside', ++inside, 1);
          await pause(INSIDE);
          inside--;
          await release();
          await pause(OUTSIDE);
        }
      }),
    );
    waits[kind].push(quantile(times, 0.99));
    const overtakes = asked.reduce(
      (sum, at, i) => sum + asked.slice(0, i).filter((before) => before > at).length,
      0,
    );
    overtaken[kind].push(overtakes / asked.length);
    return (performance.now() - start) / asked.length;
  });
}

/** ms of the engine's time while many wait. */
function crowd(make) {
  return withClients(make, 4, async (clients) => {
    const before = await engineTime();
    await Promise.all(
      Array.from({ length: scaled(WAITERS) }, async (_, i) => {
        const release = await clients[i % clients.length].take('crowd');
        await pause(INSIDE);
        await release();
      }),
    );
    return (await engineTime()) - before;
  });
}

async function engineTime() {
  const info = await observer.info('cpu');
  const seconds = (name) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)[1]);
  return 1000 * (seconds('used_cpu_user') + seconds('used_cpu_sys'));
}

/** Whether another gets the lock through `fault`, after which the first still believes that it has it. */
async function ownersAfter(make, options, fault) {
  const [first, second] = [await make(options), await make(options)];
  const release = await first.take('x');
  let others = 0;
  const waiting = second.take('x').then((done) => {
    others++;
    return done;
  });
  await fault();
  const kept = others === 0;
  await Promise.resolve(release()).catch(() => {});
  await (await waiting)();
  await Promise.all([first.end(), second.end()]);
  return kept ? 'kept' : 'two owners';
}

function blocked(make) {
  const lease = 600;
  return ownersAfter(make, { lease }, async () => {
    const end = performance.now() + (quick ? 1 : 4 * lease);
    while (performance.now() < end);
    await pause(100);
  });
}

/** The engine dies, and its place is taken by a replica that has heard of the sessions, and not of the grant. */
async function failedOver(make) {
  const lease = 1500;
  const [primary, replica] = [await redisServer(), await redisServer()];
  const link = await turnableLink(primary.port);
  const client = new Redis({ port: replica.port });
  const follow = async () => {
    await client.replicaof('127.0.0.1', primary.port);
    while (!/master_link_status:up/.test(await client.info('replication'))) await pause(20);
    await client.replicaof('NO', 'ONE');
  };
  const followed = async (options) => {
    const made = await make(options);
    await follow();
    return made;
  };
  const owners = await ownersAfter(followed, { lease, at: link.port, grace: true }, async () => {
    await pause(100);
    await primary.stop();
    link.turn(replica.port);
    await pause(quick ? 1 : 2 * lease);
  });
  client.disconnect();
  link.close();
  await replica.stop();
  return owners;
}

compare(
  'hold and release a free lock of several machines, p50',
  await interleave(each(free), { rounds: 3 }),
  [2, undefined],
);
compare(
  `an acquisition, ${CONTENDERS} contend, ${INSIDE} ms inside, ${OUTSIDE} outside`,
  await interleave(each(contended), { rounds: 3, warmUp: false }),
  [0.4, 0.71],
);
compare('the same: wait, p99', waits, [0.125, 0.33], median);
const order = Object.entries(overtaken).map(([kind, all]) => `${kind} ${median(all).toFixed(1)}`);
note(`the same: served before others that had asked earlier, per acquisition: ${order.join(', ')}`);
compare(
  `${WAITERS} wait, ${INSIDE} ms inside: the engine's CPU`,
  await interleave(each(crowd), { rounds: 3, warmUp: false }),
  [0.33, 0.5],
);
for (const [fault, owners] of [
  ["a holder's event loop blocked for four leases", blocked],
  ['the engine fails over without the grant', failedOver],
]) {
  const ours = await owners(KINDS.ours);
  note(`${fault}: ours ${ours}, redis-semaphore ${await owners(KINDS['redis-semaphore'])}`);
}

observer.disconnect();
await server.stop();
process.disconnect?.();
process.exitCode = 0;
