import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ThreadPool } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';
import { describe, expect, it } from 'vitest';
import { isRight, live, lives } from '../redis/jobs.lives.js';
import { cuttingLink } from './cutting-link.js';
import { Farm, targets, until } from './job-farm.js';
import { onRedis } from './on-redis.js';
import type { RedisServer } from './redis-server.js';

/** At the n-th command of one job's life, before or after the engine has carried it out. */
type Moment = readonly [n: number, when: 'before' | 'after'];
/** Those that are tried, of a life of so many commands. */
type Choice = (commands: number) => readonly Moment[];

/** ms. BullMQ looks again after 5 s for a job of which it was told while nobody heard. */
const HANGS = 20_000;
/** ms, at least two of which pass until a job that was handed out to nobody is another's. */
const LEASE = 1000;

export const allMoments: Choice = (commands) =>
  Array.from({ length: 2 * commands }, (_, nth) => [1 + (nth >> 1), nth % 2 === 0 ? 'before' : 'after']);

/** So many of these, at random. */
export function someMoments(count: number, random: () => number): Choice {
  return (commands) => {
    const all = [...allMoments(commands)];
    return Array.from({ length: Math.min(count, all.length) }, () => {
      const [one] = all.splice(Math.floor(random() * all.length), 1);
      return one as Moment;
    });
  };
}

/** Each life of a job, where links break and processes are killed at such moments. */
export function jobsHaveOneEnd(title: string, cuts: Choice, deaths: Choice): void {
  const redis = onRedis();
  describe(`a job has one end, and leaves nothing in the engine${title}`, () => {
    const sides = lives.flatMap((life) => ['caller', 'server'].map((side) => [life, side] as const));

    it.each(sides)('one that %s, where the link of its %s breaks', async (life, side) => {
      const { wrong, moments } = await cutLives(redis.server, life, side, cuts);
      expect(wrong).toEqual([]);
      expect(moments).toBeGreaterThan(0);
    });

    // Nobody cancels what a process had begun that was killed.
    it.each(sides.filter(([life]) => !/left|stream/.test(life)))(
      'one that %s, where its %s is killed',
      async (life, side) => {
        const { wrong } = await killedLives(redis.server, life, side, deaths);
        expect(wrong).toEqual([]);
      },
    );
  });
}

/** What was tried, and what was wrong then. */
interface Tried {
  readonly moments: number;
  readonly wrong: readonly string[];
}

/** Lives of a job, one after the other, in each of which the link of the caller or of the server breaks once. */
async function cutLives(server: RedisServer, name: string, side: string, choose: Choice): Promise<Tried> {
  const [here, there] = [await cuttingLink(server.port), await cuttingLink(server.port)];
  const link = side === 'caller' ? here : there;
  const asked = new Redis(server.url);
  const farm = new Farm(server, { connection: here.url, lease: LEASE, pool: { retry: { maxDeaths: 3 } } });
  const { namespace } = farm;
  const serves = new Machines({ connection: there.url, namespace, lease: LEASE, grace: false });
  const pool = new ThreadPool({ maxThreads: 2 });
  const wrong: string[] = [];
  let moments = 0;
  let lived = 1;
  try {
    serves.serve('jobs', { module: targets, pool, concurrency: 2 });
    await farm.pool.run(targets.nothing);
    await live(name, farm.pool, 0);
    link.take();
    await live(name, farm.pool, 1);
    const before = await left(asked, namespace);
    for (const [first, when] of choose(link.take().length)) {
      let at = '';
      // No two lives have the same commands: one may end before so many.
      for (let n = first; n > 0 && at === ''; n--) {
        link.cutAt(n, when, (command) => {
          at = `${when} ${n}: ${command}`;
          moments++;
        });
        const came = await Promise.race([live(name, farm.pool, ++lived), pause(HANGS, 'hangs')]);
        if (!isRight(name, came)) wrong.push(`${at}: ${came}`);
        wrong.push(...(await stays(asked, namespace, before)).map((key) => `${at}: leaves ${key}`));
      }
    }
    return { moments, wrong };
  } finally {
    link.cutAt(Number.POSITIVE_INFINITY, 'before');
    await farm[Symbol.asyncDispose]();
    await serves.close();
    await pool.close();
    asked.disconnect();
    for (const one of [here, there]) one.close();
  }
}

/** Lives of a job, in each of which the process that calls or serves is killed once. */
async function killedLives(server: RedisServer, name: string, side: string, choose: Choice): Promise<Tried> {
  const link = await cuttingLink(server.port);
  const asked = new Redis(server.url);
  const farm = new Farm(server, { lease: LEASE, pool: { retry: { maxDeaths: 3 } } });
  const { namespace } = farm;
  const wrong: string[] = [];
  let moments = 0;
  /** One life; the process is killed at that moment, if any, and another serves then. Gives what the caller has, if it lives. */
  const one = async (moment?: Moment): Promise<string | undefined> => {
    const victim = side === 'caller' ? farm.startCaller(link.url) : farm.start({ url: link.url });
    const dead = once(victim, 'exit');
    const serving = side === 'caller' ? farm.serve() : undefined;
    try {
      if (side === 'caller') await once(victim, 'message');
      else await until(async () => (await asked.pubsub('NUMSUB', `{${namespace}}:j:jobs`))[1] === 1);
      await farm.pool.run(targets.nothing);
      link.take();
      let killed = false;
      if (moment !== undefined)
        link.cutAt(...moment, () => {
          killed = true;
          moments++;
          victim.kill('SIGKILL');
        });
      if (side === 'caller') {
        victim.send([name, moments]);
        const answer = once(victim, 'message').then(([came]) => String(came));
        return await Promise.race([answer, dead.then(() => undefined), pause(HANGS, 'hangs')]);
      }
      const came = live(name, farm.pool, moments);
      const instead = dead.then(() => farm.serve());
      const answer = await Promise.race([came, pause(HANGS, 'hangs')]);
      if (killed) await (await instead).close();
      return answer;
    } finally {
      link.cutAt(Number.POSITIVE_INFINITY, 'before');
      await farm.kill(victim);
      await serving?.close();
    }
  };
  try {
    await one();
    const before = await left(asked, namespace);
    for (const moment of choose(link.take().length)) {
      const at = `${moment[1]} ${moment[0]}`;
      const came = await one(moment);
      if (came !== undefined && !isRight(name, came)) wrong.push(`${at}: ${came}`);
      const serving = farm.serve();
      const more = await stays(asked, namespace, before, side === 'caller');
      wrong.push(...more.map((key) => `${at}: leaves ${key}`));
      await serving.close();
    }
    return { moments, wrong };
  } finally {
    await farm[Symbol.asyncDispose]();
    asked.disconnect();
    link.close();
  }
}

/** Sessions, and what BullMQ has of every queue and of jobs that have ended. */
const ALWAYS =
  /:(ses|meta|written)$|:[so]:\w+$|:jobs:jobs:(completed|failed|events|meta|id|stalled-check|marker|pc)$/;

/** That a job was added: whoever is killed before he can delete it leaves that to the engine, which does so in time. */
const NOTE = /:a:jobs:/;

/** What else is in the engine. @param killed - whether who adds jobs was */
async function left(asked: Redis, namespace: string, killed = false): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const key of await asked.keys(`{${namespace}}:*`)) {
    const isOver = /:jobs:jobs:\w+-\d+$/.test(key) && (await asked.hexists(key, 'finishedOn')) === 1;
    const ends = killed && NOTE.test(key) && (await asked.pttl(key)) > 0;
    if (!isOver && !ends && !ALWAYS.test(key)) keys.push(key);
  }
  return keys;
}

/** What of it was not there before, also after a while. */
async function stays(
  asked: Redis,
  namespace: string,
  before: readonly string[],
  killed = false,
): Promise<readonly string[]> {
  for (const until = Date.now() + HANGS; ; await pause(20)) {
    const more = (await left(asked, namespace, killed)).filter((key) => !before.includes(key));
    if (more.length === 0 || Date.now() > until) return more;
  }
}
