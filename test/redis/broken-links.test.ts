import type { Redis } from 'ioredis';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CuttingLink, cuttingLink } from '../support/cutting-link.js';
import { commandsOf, counts, Farm, targets, until } from '../support/job-farm.js';
import { onRedis } from '../support/on-redis.js';
import { redisServer } from '../support/redis-server.js';
import { slowLink } from '../support/slow-link.js';
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.js';

const engine = onRedis();

let link: CuttingLink;
let farm: Farm;
beforeEach(async () => {
  link = await cuttingLink(engine.server.port);
  farm = new Farm(engine.server, { connection: link.url });
  await farm.pool.failed();
});
afterEach(async () => {
  await farm[Symbol.asyncDispose]();
  link.close();
});

test('a timer whose job has ended before its id is known leaves no key', async () => {
  farm.serve();
  const slow = await slowLink(engine.server.port, 100);
  const afar = new Farm(engine.server, { connection: slow.url, namespace: farm.namespace, lease: 5000 });
  try {
    expect(await afar.pool.timer(1, targets.echo, [1], { id: 'soon' }).result()).toBe(1);
    // What it had asked for is answered.
    expect(await afar.pool.failed()).toEqual([]);
    expect(await engine.client.keys(`{${farm.namespace}}:t:*`)).toEqual([]);
  } finally {
    await afar[Symbol.asyncDispose]();
    slow.close();
  }
});

test.for([60_000, 0])(
  'a timer whose job has ended before its id is known takes the place of the earlier: keepResult %o',
  async (keepResult) => {
    farm.serve();
    const slow = await slowLink(engine.server.port, 100);
    const { namespace } = farm;
    const afar = new Farm(engine.server, {
      connection: slow.url,
      namespace,
      lease: 5000,
      pool: { keepResult },
    });
    try {
      const first = afar.pool.timer(60_000, targets.echo, [1], { id: 'twice' });
      await until(async () => (await engine.client.exists(`{${namespace}}:t:jobs:twice`)) === 1);
      const second = afar.pool.timer(1, targets.echo, [2], { id: 'twice' });
      await firstValueFrom(second.result()).catch(() => {});
      // Answers once its id is known.
      expect(await second.cancel()).toBe(false);
      expect((await counts(farm.pool)).delayed).toBe(0);
      expect(await first.cancel()).toBe(false);
      expect(await engine.client.keys(`{${namespace}}:t:*`)).toEqual([]);
    } finally {
      await afar[Symbol.asyncDispose]();
      slow.close();
    }
  },
);

test('a timer takes the place of the earlier, also where the answer to that is lost', async () => {
  const { pool } = farm;
  const named = (n: number) => pool.timer(60_000, targets.echo, [n], { id: 'named' });
  named(1);
  await until(async () => (await counts(pool)).delayed === 1);
  let cut = 0;
  for (const n of [2, 3, 4]) {
    link.cutAt(n, 'after', () => cut++);
    expect(await named(n).result({ timeout: 1000 })).toBeUndefined();
    expect((await counts(pool)).delayed).toBe(1);
  }
  expect(cut).toBeGreaterThan(1);
});

describe('a job of which nothing is left as it is added once more, because the answer to that was lost,', () => {
  let proxy: TcpProxy;
  let afar: Farm;
  beforeEach(async () => {
    farm.serve();
    proxy = await tcpProxy(engine.server.port);
    const { namespace } = farm;
    afar = new Farm(engine.server, { connection: proxy.url, namespace, pool: { keepResult: 0 } });
    await afar.pool.failed();
    proxy.stall('back');
  });
  afterEach(async () => {
    // Answered behind what is sent again.
    await afar.pool.failed();
    await until(async () => (await engine.client.keys(`{${farm.namespace}}:a:*`)).length === 0);
    await afar[Symbol.asyncDispose]();
    await proxy.close();
  });
  const ends = async (): Promise<number> => {
    const events = await engine.client.xrange(`{${farm.namespace}}:jobs:jobs:events`, '-', '+');
    return events.filter(([, fields]) => fields.includes('completed')).length;
  };
  const connectAnew = (): void => {
    proxy.cut();
    proxy.open();
  };

  test.each(['run', 'timer', 'detached'])('has run once: %s', async (how) => {
    const { pool } = afar;
    const told =
      how === 'timer'
        ? pool.timer(1, targets.echo, [1]).result()
        : pool.run(targets.echo, [1], { detached: how === 'detached' });
    const lost = firstValueFrom(told).catch((error) => error);
    await until(async () => (await ends()) === 1);
    connectAnew();
    expect(await lost).toMatchObject({ code: 'ERR_JOB_LOST' });
    expect(await farm.pool.run(targets.echo, [2])).toBe(2);
    expect(await ends()).toBe(2);
  });

  test('does not take the place of the timer that has replaced it', async () => {
    const key = `{${farm.namespace}}:t:jobs:id`;
    afar.pool.timer(60_000, targets.echo, [1], { id: 'id' });
    await until(async () => (await engine.client.exists(key)) === 1);
    const first = await engine.client.get(key);
    const second = farm.pool.timer(60_000, targets.echo, [2], { id: 'id' });
    await until(async () => (await engine.client.get(key)) !== first);
    connectAnew();
    await afar.pool.failed();
    expect(await second.cancel()).toBe(true);
  });
});

test('a timer, or a schedule, is said to be called off, also where the answer to that is lost', async () => {
  const { pool } = farm;
  let cut = 0;
  for (const n of [1, 2, 3]) {
    const timer = pool.timer(60_000, targets.echo, [n], { id: 'off' });
    await until(async () => (await counts(pool)).delayed === 1);
    link.cutAt(n, 'after', () => cut++);
    expect([await timer.cancel(), (await counts(pool)).delayed]).toEqual([true, 0]);
  }
  await pool.schedule('often', { every: 60_000 }, targets.echo, [1]);
  link.cutAt(1, 'after', () => cut++);
  expect([await pool.unschedule('often'), (await counts(pool)).delayed]).toEqual([true, 0]);
  expect(await pool.unschedule('often')).toBe(false);
  expect(cut).toBe(4);
  expect(await engine.client.keys(`{${farm.namespace}}:jobs:jobs:*-*`)).toEqual([]);
});

test.each([false, true])(
  'a dead letter waits again, also where the answer to that is lost: dedupe %o',
  async (shared) => {
    const { pool, namespace } = farm;
    const serving = farm.serve();
    const rounds = Array.from({ length: 9 }, (_, n) => `one${n + 1}`);
    for (const id of rounds)
      await firstValueFrom(pool.run(targets.fail, [id], shared ? { dedupe: id } : {})).catch(() => {});
    await serving.close();
    const letters = (await pool.failed()).toReversed();
    let cut = 0;
    for (const [at, { id }] of letters.entries()) {
      link.cutAt(at + 1, 'after', () => cut++);
      await pool.retryFailed(id);
      link.cutAt(Number.POSITIVE_INFINITY, 'before');
    }
    expect(cut).toBeGreaterThan(3);
    expect(await counts(pool)).toMatchObject({ waiting: 9, failed: 0 });
    // Others share it until it has ended.
    const ttls = rounds.map((id) => engine.client.pttl(`{${namespace}}:jobs:jobs:de:${id}`));
    expect(await Promise.all(ttls)).toEqual(Array(9).fill(shared ? -1 : -2));
  },
);

test('who blocks takes a job though the link broke as it was told of one', async () => {
  const proxy = await tcpProxy(engine.server.port);
  const { namespace, pool } = farm;
  const serving = new Farm(engine.server, { connection: proxy.url, namespace });
  try {
    serving.serve();
    expect(await pool.run(targets.echo, [1])).toBe(1);
    // While one is delayed BullMQ blocks for ten seconds at a time.
    const later = pool.timer(3_600_000, targets.echo, [2]);
    await until(async () => (await counts(pool)).delayed === 1);
    const marker = `{${namespace}}:jobs:jobs:marker`;
    await until(async () => (await engine.client.exists(marker)) === 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    proxy.stall('back');
    const done = firstValueFrom(pool.run(targets.echo, [3]));
    await until(async () => (await counts(pool)).waiting === 1);
    await until(async () => (await engine.client.exists(marker)) === 0);
    proxy.cut();
    proxy.open();
    const late = new Promise((resolve) => setTimeout(resolve, 6000, 'late'));
    expect(await Promise.race([done, late])).toBe(3);
    await later.cancel();
  } finally {
    await serving[Symbol.asyncDispose]();
    await proxy.close();
  }
});

test('who blocks and is connected anew wakes nobody else', async () => {
  const { machines, namespace } = farm;
  const [first, second] = ['first', 'second'].map((name) => {
    machines.serve(name, { module: targets });
    return machines.pool(name);
  });
  for (const pool of [first, second]) expect(await pool?.run(targets.echo, [1])).toBe(1);
  const blocks = new RegExp(`^id=(\\d+) .*jobs:${btoa('second')} .*cmd=bzpopmin`, 'm');
  const blocked = async () => blocks.exec(String(await engine.client.client('LIST')))?.[1] ?? '';
  await until(async () => (await blocked()) !== '');
  const monitor = await engine.client.monitor();
  const marked: string[] = [];
  monitor.on('monitor', (_time: string, [command, key = '']: readonly string[]) => {
    if (command === 'ZADD' && key.startsWith(`{${namespace}}`)) marked.push(key);
  });
  try {
    await engine.client.client('KILL', 'ID', await blocked());
    // What was served last is woken last.
    await until(() => marked.includes(`{${namespace}}:jobs:second:marker`));
    expect(marked).toHaveLength(1);
  } finally {
    monitor.disconnect();
  }
});

test('of a move of a job whose answer is lost nothing is told as wrong', async () => {
  // Another serves what is handed out in an answer that is lost.
  const { namespace } = farm;
  const serving = new Farm(engine.server, { connection: link.url, namespace, lease: 500 });
  const caller = new Farm(engine.server, { namespace });
  try {
    serving.serve({ concurrency: 1 });
    const lives = {
      ends: () => caller.pool.run(targets.echo, [2]),
      'is tried again': () => caller.pool.run(targets.failUntil, [2], { retry: { attempts: 2, delay: 10 } }),
    };
    for (const [life, run] of Object.entries(lives)) {
      // The life before had fewer commands than the last moment of it.
      link.cutAt(Number.POSITIVE_INFINITY, 'before');
      expect(await run(), life).toBe(2);
      link.take();
      expect(await run(), life).toBe(2);
      const scripts = link.take().flatMap((name, at) => (/^evalsha/i.test(name) ? [at + 1] : []));
      let cut = 0;
      for (const n of scripts) {
        link.cutAt(n, 'after', () => cut++);
        expect(await run(), life).toBe(2);
      }
      // The end of a job is told before its link has broken.
      await until(() => cut > 0);
    }
    const told = serving.errors.map(({ message }) => message);
    expect(told.filter((text) => /^(Missing|Job)/.test(text))).toEqual([]);
  } finally {
    await caller[Symbol.asyncDispose]();
    await serving[Symbol.asyncDispose]();
  }
});

test('a job whose lease was lost ends by the run that has it, however often links break', async () => {
  const { namespace } = farm;
  const serving = new Farm(engine.server, { connection: link.url, namespace, lease: 1000 });
  const caller = new Farm(engine.server, { namespace, lease: 1000, pool: { retry: { maxDeaths: 20 } } });
  let cutting = false;
  const cutAgain = () => {
    if (cutting) link.cutAt(4, 'after', cutAgain);
  };
  try {
    const running = serving.serve().running$;
    for (const value of [1, 2]) {
      const job = firstValueFrom(caller.pool.run(targets.slowly, [value, 300])).catch((error) => error);
      await firstValueFrom(running.pipe(filter((runs) => runs > 0)));
      const [lock = ''] = await engine.client.keys(`{${namespace}}:jobs:jobs:*:lock`);
      await engine.client.del(lock);
      cutting = true;
      cutAgain();
      await new Promise((resolve) => setTimeout(resolve, 3000));
      cutting = false;
      expect(await job).toBe(value);
    }
  } finally {
    link.cutAt(Number.POSITIVE_INFINITY, 'before');
    await caller[Symbol.asyncDispose]();
    await serving[Symbol.asyncDispose]();
  }
});

test.each(['of all', 'that blocks'])(
  'what is rejected as a connection of jobs %s ends is not sent again by the next',
  async (which) => {
    const proxy = await tcpProxy(engine.server.port);
    const cut = new Farm(engine.server, { connection: proxy.url });
    const commands = await commandsOf(cut.pool);
    const one = which === 'of all' ? commands : commands.duplicate();
    const key = `{${cut.namespace}}:asked`;
    try {
      expect(await one.get(key)).toBeNull();
      proxy.stall('there');
      const asked = one.incr(key).catch(({ message }) => message);
      // What lies in the link is lost; ioredis keeps it for when the next connection has answered.
      proxy.cut();
      proxy.stall();
      await until(() => one.status === 'connect');
      await cut.machines.close();
      expect(await asked).toBe('Connection is closed.');
      proxy.open();
      await one.connect();
      expect(await one.get(key)).toBeNull();
    } finally {
      one.disconnect();
      await cut[Symbol.asyncDispose]();
      await proxy.close();
    }
  },
);

/** What is told on that channel while jobs' connection of a process, behind a proxy, is played with. */
async function toldOn(
  channel: string,
  play: (commands: Redis, proxy: TcpProxy) => Promise<void>,
  count: number,
): Promise<string[]> {
  const proxy = await tcpProxy(engine.server.port);
  const cut = new Farm(engine.server, { connection: proxy.url });
  const ears = engine.client.duplicate();
  const heard: string[] = [];
  ears.on('message', (_channel: string, message: string) => heard.push(message));
  await ears.subscribe(channel);
  try {
    await play(await commandsOf(cut.pool), proxy);
    await until(() => heard.length === count);
    return heard;
  } finally {
    ears.disconnect();
    await cut[Symbol.asyncDispose]();
    await proxy.close();
  }
}

test('what is asked of a connection that is never ready is sent by the next, first what had gone out', async () => {
  const play = async (commands: Redis, proxy: TcpProxy): Promise<void> => {
    for (const _ of [1, 2]) {
      expect(await commands.ping()).toBe('PONG');
      proxy.cut();
      proxy.stall();
      await until(() => commands.status === 'connect');
      const asked = Promise.all([
        commands.publish('told', 'first'),
        commands.eval("return redis.call('PUBLISH', 'told', 'last')", 0),
      ]);
      proxy.cut();
      proxy.open();
      expect(await asked).toEqual([1, 1]);
    }
  };
  expect(await toldOn('told', play, 4)).toEqual(['first', 'last', 'first', 'last']);
});

test('what is asked while a connection is made goes out in its order', async () => {
  const play = async (commands: Redis, proxy: TcpProxy): Promise<void> => {
    proxy.cut();
    await until(() => commands.status === 'reconnecting');
    const first = commands.publish('order', 'first');
    proxy.stall();
    await until(() => commands.status === 'connect');
    const last = commands.publish('order', 'last');
    proxy.open();
    expect(await Promise.all([first, last])).toEqual([1, 1]);
  };
  expect(await toldOn('order', play, 2)).toEqual(['first', 'last']);
});

test('who waits for jobs connects more and more rarely to a link that opens and leads nowhere', async () => {
  const proxy = await tcpProxy(engine.server.port);
  const cut = new Farm(engine.server, { connection: proxy.url });
  try {
    await cut.pool.failed();
    proxy.cut();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const before = proxy.connections;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(proxy.connections - before).toBeLessThan(15);
    proxy.open();
    cut.serve();
    expect(await cut.pool.run(targets.echo, [1])).toBe(1);
  } finally {
    await cut[Symbol.asyncDispose]();
    await proxy.close();
  }
});

test('a Machines is closed at once while it waits to connect, also where an earlier outage was long', async () => {
  const proxy = await tcpProxy(engine.server.port);
  const cut = new Farm(engine.server, { connection: proxy.url, lease: 600_000 });
  const commands = await commandsOf(cut.pool);
  try {
    cut.serve();
    expect(await cut.pool.run(targets.echo, [1])).toBe(1);
    proxy.cut();
    // BullMQ gives up its wait for jobs by then, and what it waits by.
    await new Promise((resolve) => setTimeout(resolve, 7000));
    proxy.open();
    expect(await cut.pool.run(targets.echo, [2])).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    proxy.cut();
    await until(() => commands.status === 'reconnecting');
  } finally {
    await cut[Symbol.asyncDispose]();
    await proxy.close();
  }
});

test('an outage is told once for each reason, not with each attempt to connect, and so is the next', async () => {
  const proxy = await tcpProxy(engine.server.port);
  const cut = new Farm(engine.server, { connection: proxy.url });
  try {
    cut.serve();
    for (const outage of [1, 2]) {
      expect(await cut.pool.run(targets.echo, [outage])).toBe(outage);
      cut.errors.length = 0;
      const attempts = proxy.connections;
      proxy.cut();
      await until(() => proxy.connections > attempts + 20);
      const told = cut.errors.map(({ name, message }) => `${name}: ${message}`);
      // Which of the two depends on what the kernel hears first.
      expect(told.some((text) => /^Error: (read ECONNRESET|write EPIPE)$/.test(text))).toBe(true);
      expect(told).toEqual([...new Set(told)]);
      proxy.open();
    }
  } finally {
    await cut[Symbol.asyncDispose]();
    await proxy.close();
  }
});

test('an outage is told once, though locks and jobs have connections of their own', async () => {
  const own = await redisServer();
  const both = new Farm(own);
  try {
    both.serve();
    await (await both.machines.lock('x').hold()).release();
    await own.stop('SIGKILL');
    const refused = () => both.errors.filter(({ message }) => /ECONNREFUSED/.test(message));
    await until(() => refused().length > 0);
    const waiting = both.machines
      .lock('x')
      .hold()
      .subscribe({ error: () => {} });
    // By then each has tried.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(refused()).toHaveLength(1);
    waiting.unsubscribe();
  } finally {
    await both[Symbol.asyncDispose]();
  }
});

test('a first answer has longer than half of a short lease', async () => {
  const proxy = await tcpProxy(engine.server.port);
  proxy.stall('back');
  const short = new Farm(engine.server, { connection: proxy.url, lease: 500 });
  try {
    const job = firstValueFrom(short.pool.run(targets.echo, [1]));
    await until(() => proxy.connections === 2);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect([proxy.connections, short.errors]).toEqual([2, []]);
    proxy.open();
    short.serve();
    expect(await job).toBe(1);
  } finally {
    await short[Symbol.asyncDispose]();
    await proxy.close();
  }
});

test('what somebody else says on a channel of jobs is passed over', async () => {
  const { pool, namespace } = farm;
  farm.serve();
  expect(await pool.run(targets.echo, [1])).toBe(1);
  for (const channel of ['j:jobs', 'r:jobs'])
    for (const text of ['', 'ping', '0 ', '-9 x', 'a b', '9 a'])
      expect(await engine.client.publish(`{${namespace}}:${channel}`, text)).toBe(1);
  expect(await pool.run(targets.echo, [2])).toBe(2);
  expect(farm.errors).toEqual([]);
});
