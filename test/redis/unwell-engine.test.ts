// An engine that answers, but not with what it is asked for.
import type { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { filter, firstValueFrom, Subject, toArray } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { counts, Farm, Gate, targets, until } from '../support/job-farm.js';
import { type RedisServer, redisServer } from '../support/redis-server.js';
import { runFixture } from '../support/run-fixture.js';
import { slowLink } from '../support/slow-link.js';

let server: RedisServer;
let admin: Redis;
beforeAll(async () => {
  server = await redisServer({ args: ['--busy-reply-threshold', '50'] });
  admin = new Redis(server.url);
});
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

let farm: Farm;
beforeEach(async () => {
  farm = new Farm(server, { lease: 1000 });
  await farm.machines.open();
  await farm.pool.failed();
});
afterEach(() => farm[Symbol.asyncDispose]());

const told = () => farm.errors.map(({ message }) => message);

/** Until what it returns is called. */
async function keepBusy(): Promise<() => Promise<void>> {
  const busy = new Redis(server.url);
  busy.eval('while true do end', 0).catch(() => {});
  await until(async () => !(await answers()));
  return async () => {
    await calm();
    busy.disconnect();
  };
}

const answers = () =>
  admin.ping().then(
    () => true,
    () => false,
  );

/** A script that is killed ends a moment later, and the engine is busy until then. */
async function calm(): Promise<void> {
  await admin.script('KILL');
  await until(answers);
}

test('who could not subscribe hears again once he may', async () => {
  farm.serve();
  expect(await farm.pool.run(targets.echo, [1])).toBe(1);
  await admin.config('SET', 'requirepass', 'secret');
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await until(() => told().some((text) => /^NOAUTH/.test(text)));
  await admin.config('SET', 'requirepass', '');
  const values = await firstValueFrom(farm.pool.stream(targets.countTo, [3]).pipe(toArray()));
  expect(values).toEqual([1, 2, 3]);
});

test('who begins to serve while the engine refuses that takes jobs once it does not', async () => {
  const { namespace, lease } = farm;
  await admin.config('SET', 'requirepass', 'secret');
  const late = new Farm(server, { namespace, lease });
  try {
    late.serve();
    await until(() => late.errors.some(({ message }) => /^NOAUTH/.test(message)));
    // By then all that it has asked at first was refused.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await admin.config('SET', 'requirepass', '');
    expect(await farm.pool.run(targets.echo, [1])).toBe(1);
  } finally {
    await admin.config('SET', 'requirepass', '');
    await late[Symbol.asyncDispose]();
  }
});

test('who could not subscribe is not cut off once he can', async () => {
  const hearing = async (): Promise<string[]> =>
    `${await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub')}`.match(/\bid=\d+/g)?.sort() ?? [];
  const before = await hearing();
  const connection = server.url.replace('//', '//:password@');
  const { namespace, lease } = farm;
  await admin.config('SET', 'requirepass', 'another');
  const late = new Farm(server, { connection, namespace, lease });
  try {
    late.pool.run(targets.echo, [1]).subscribe({ error: () => {} });
    await until(() => late.errors.length > 0);
    // By then it has tried often.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await admin.config('SET', 'requirepass', 'password');
    const more = async () => (await hearing()).filter((id) => !before.includes(id));
    await until(async () => (await more()).length > 0);
    const heard = await more();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await more()).toEqual(heard);
  } finally {
    await admin.config('SET', 'requirepass', '');
    await late[Symbol.asyncDispose]();
  }
});

test('what an engine refuses who calls is told again where it did not meanwhile', async () => {
  // No session of its own renews its lease.
  const caller = new Farm(server, { lease: 1000 });
  const job = caller.pool.run(targets.echo, [1], { delay: 60_000 }).subscribe();
  await until(async () => (await counts(caller.pool)).delayed === 1);
  try {
    for (const _ of [1, 2]) {
      await admin.acl('SETUSER', 'default', '-evalsha', '-eval');
      await until(() => caller.errors.some(({ message }) => /^NOPERM/.test(message)));
      await admin.acl('SETUSER', 'default', '+evalsha', '+eval');
      await new Promise((resolve) => setTimeout(resolve, 1000));
      caller.errors.length = 0;
    }
  } finally {
    await admin.acl('SETUSER', 'default', '+evalsha', '+eval');
    job.unsubscribe();
    await caller[Symbol.asyncDispose]();
  }
});

test('a user who may not ask for INFO has his jobs done, and is told what is missing for locks', async () => {
  await admin.acl('SETUSER', 'uninformed', 'on', '>password', '~*', '&*', '+@all', '-info');
  const connection = server.url.replace('//', '//uninformed:password@');
  const { namespace, lease } = farm;
  const other = new Farm(server, { connection, namespace, lease });
  try {
    other.serve();
    expect(await other.pool.run(targets.echo, [1])).toBe(1);
    const held = firstValueFrom(other.machines.lock('x').hold());
    await expect(held).rejects.toMatchObject({ code: 'ERR_ENGINE', message: expect.stringMatching(/info/) });
  } finally {
    await other[Symbol.asyncDispose]();
    await admin.acl('DELUSER', 'uninformed');
  }
});

test.each(['', 'password'])(
  'who begins while the engine has as many clients as it takes goes on once it has not, password %o',
  async (password) => {
    await admin.config('SET', 'requirepass', password);
    const connection = server.url.replace('//', password === '' ? '//' : `//:${password}@`);
    const { namespace, lease } = farm;
    const late = new Farm(server, { connection, namespace, lease });
    try {
      await admin.config('SET', 'maxclients', '1');
      late.serve();
      const held = firstValueFrom(late.machines.lock('x').hold());
      const done = firstValueFrom(late.pool.run(targets.echo, [1]));
      await until(() => late.errors.some(({ message }) => /max number of clients/.test(message)));
      await admin.config('SET', 'maxclients', '10000');
      expect(await done).toBe(1);
      await (await held).release();
    } finally {
      await admin.config('SET', 'maxclients', '10000');
      await admin.config('SET', 'requirepass', '');
      await late[Symbol.asyncDispose]();
    }
  },
);

test('what an engine refuses is told once until it does not', async () => {
  await (await farm.machines.lock('x').hold()).release();
  for (const _ of [1, 2]) {
    farm.errors.length = 0;
    await admin.config('SET', 'requirepass', 'secret');
    // What hears as well: by an answer to that the engine would refuse no more.
    for (const kind of ['normal', 'pubsub'])
      await admin.call('CLIENT', 'KILL', 'TYPE', kind, 'SKIPME', 'yes');
    for (let n = 0; n < 10; n++) {
      const refused = { message: expect.stringMatching(/^NOAUTH/), code: 'ERR_ENGINE' };
      await expect(firstValueFrom(farm.machines.lock('x').hold())).rejects.toMatchObject(refused);
    }
    expect(told().filter((text) => /^NOAUTH/.test(text))).toHaveLength(1);
    await admin.config('SET', 'requirepass', '');
    await until(
      async () =>
        (await farm.machines
          .lock('x')
          .locked()
          .then(
            () => true,
            () => false,
          )) === true,
    );
  }
});

test('jobs are added, ended and taken out once an engine that is busy is not', async () => {
  farm.serve();
  const queue = farm.pool.queue as Queue;
  expect(await farm.pool.run(targets.echo, [1])).toBe(1);
  const gate = new Gate();
  const ends = firstValueFrom(farm.pool.run(targets.untilThere, [gate.file]));
  const left = farm.pool.run(targets.echo, [3], { delay: 60_000 }).subscribe();
  await until(async () => {
    const { active = 0, delayed = 0 } = await counts(farm.pool);
    return active + delayed === 2;
  });
  const free = await keepBusy();
  gate.open();
  left.unsubscribe();
  const added = firstValueFrom(farm.pool.run(targets.echo, [4]));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await free();
  expect([await ends, await added]).toEqual([gate.file, 4]);
  await until(async () => (await queue.getDelayedCount()) === 0);
  expect(told()).toEqual([...new Set(told())]);
});

test('who begins while the engine is busy serves, and has his job done, once it is not', async () => {
  const { namespace, lease } = farm;
  const free = await keepBusy();
  const late = new Farm(server, { namespace, lease });
  late.serve();
  const done = firstValueFrom(late.pool.run(targets.echo, [1])).catch((error) => error);
  await until(() => late.errors.some(({ message }) => /^BUSY/.test(message)));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await free();
  expect(await done).toBe(1);
  await late[Symbol.asyncDispose]();
});

test.each(['begins', 'ends'])(
  'who %s to serve, and is closed, while the engine is busy hears nothing of jobs then',
  async (what) => {
    const hearing = () => admin.pubsub('NUMSUB', `{${farm.namespace}}:j:jobs`);
    const before = what === 'ends' ? farm.serve() : undefined;
    const heard = what === 'ends' ? 1 : 0;
    await until(async () => (await hearing())[1] === heard);
    const free = await keepBusy();
    const serving = before ?? farm.serve();
    await until(() => told().some((text) => /^BUSY/.test(text)));
    await serving.close();
    await free();
    // By then it has asked once more.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await hearing()).toEqual([`{${farm.namespace}}:j:jobs`, 0]);
  },
);

test('a pool that is first used while the engine is busy has its limit, and tells how it is, once that is not', async () => {
  const free = await keepBusy();
  const limited = farm.machines.pool('limited', { limit: { max: 3, per: 1000 } });
  const stats = firstValueFrom(limited.stats$);
  await until(() => told().some((text) => /^BUSY/.test(text)));
  await free();
  expect(await stats).toMatchObject({ queued: 0, workers: 0 });
  await until(async () => (await admin.hget(`{${farm.namespace}}:jobs:limited:meta`, 'max')) === '3');
});

test('a pool whose limit is refused asks for it with its next use', async () => {
  await admin.acl('SETUSER', 'default', '-hset');
  const limited = farm.machines.pool('limited', { limit: { max: 3, per: 1000 } });
  try {
    await limited.failed();
    await until(() => told().some((text) => /^NOPERM/.test(text)));
  } finally {
    await admin.acl('SETUSER', 'default', '+hset');
  }
  await limited.failed();
  await until(async () => (await admin.hget(`{${farm.namespace}}:jobs:limited:meta`, 'max')) === '3');
});

test('a timer takes the place of the earlier once an engine that is busy as it is made is not', async () => {
  const link = await slowLink(server.port, 50);
  const { namespace } = farm;
  const afar = new Farm(server, { connection: link.url, namespace, lease: 5000 });
  const named = (n: number) => afar.pool.timer(60_000, targets.echo, [n], { id: 'one' });
  try {
    named(1);
    await until(async () => (await admin.exists(`{${namespace}}:t:jobs:one`)) === 1);
    const free = await keepBusy();
    const second = named(2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await free();
    expect(await second.cancel()).toBe(true);
    expect((await counts(farm.pool)).delayed).toBe(0);
  } finally {
    await afar[Symbol.asyncDispose]();
    link.close();
  }
});

test.each(['busy', 'full'])(
  'what a job fails with for good is that, also where the engine is %s',
  async (how) => {
    const patient = new Farm(server, { lease: 5000 });
    patient.serve();
    let runs = 0;
    const retry = { attempts: 3 };
    const job = patient.pool.run(targets.reportAndFail, [500], { retry, onProgress: () => runs++ });
    const failed = firstValueFrom(job).catch((error) => error);
    await until(() => runs === 1);
    let free: () => Promise<unknown> = () => admin.config('SET', 'maxmemory', '0');
    if (how === 'busy') free = await keepBusy();
    else await admin.config('SET', 'maxmemory', '1');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await free();
    expect(await failed).toMatchObject({ name: 'UnrecoverableError', message: 'for good' });
    expect(await patient.pool.failed()).toMatchObject([{ attempts: 1, error: { message: 'for good' } }]);
    expect(runs).toBe(1);
    await patient[Symbol.asyncDispose]();
  },
);

test('a pool that is first used while the engine is busy has its jobs done once it is not', async () => {
  const free = await keepBusy();
  const done = firstValueFrom(farm.machines.pool('late').run(targets.echo, [1]));
  farm.machines.serve('late', { module: targets });
  await until(() => told().some((text) => /^BUSY/.test(text)));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await free();
  expect(await done).toBe(1);
});

test('a Machines is closed although the engine is busy since it was made', async () => {
  const free = await keepBusy();
  try {
    const { namespace, lease } = farm;
    const late = new Farm(server, { namespace, lease, pool: { limit: { max: 3, per: 1000 } } });
    const asked = firstValueFrom(late.pool.failed()).catch(({ code }) => code);
    await until(() => late.errors.some(({ message }) => /^BUSY/.test(message)));
    await late[Symbol.asyncDispose]();
    expect(await asked).toBe('ERR_POOL');
  } finally {
    await free();
  }
});

test('a program that closes its Machines while the engine is busy does not end before that is closed', async () => {
  const ended = await runFixture('redis/closes-busy.js', { args: [server.url] });
  await calm();
  expect(ended).toMatchObject({ code: 0, stdout: 'ERR_POOL\nclosed\n' });
});

test('what is held, and a job that runs, outlive a time in which the engine is full', async () => {
  farm.serve();
  const held = await farm.machines.lock('x').hold();
  let runs = 0;
  const job = firstValueFrom(farm.pool.run(targets.reportAndSleep, [1, 3000], { onProgress: () => runs++ }));
  await until(() => runs === 1);
  await admin.config('SET', 'maxmemory', '1');
  await expect(firstValueFrom(farm.machines.lock('y').hold())).rejects.toMatchObject({ code: 'ERR_ENGINE' });
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(held.valid).toBe(true);
  await admin.config('SET', 'maxmemory', '0');
  await held.release();
  expect([await job, runs]).toEqual([1, 1]);
});

test('jobs of one turn that a busy engine has refused begin in the order in which they were asked for', async () => {
  const rest = await keepBusy();
  // As many as go in one message: of several some may be refused, and later ones not.
  const jobs = Array.from({ length: 20 }, (_, n) => n);
  const untold = { error: () => {} };
  for (const n of jobs) farm.pool.run(targets.echo, [n], { detached: true }).subscribe(untold);
  await until(() => told().some((text) => text.startsWith('BUSY')));
  await rest();
  await until(async () => (await counts(farm.pool)).waiting === jobs.length);
  const waiting = await (farm.pool.queue as Queue).getJobs(['waiting'], 0, -1, true);
  expect(waiting.map(({ data }) => JSON.parse(data.args)[0])).toEqual(jobs);
});

test('a detached job, or a timer, that was left and then is refused is told of once', async () => {
  await admin.config('SET', 'maxmemory', '1');
  try {
    for (const n of [0, 1]) farm.pool.run(targets.echo, [n], { detached: true }).subscribe().unsubscribe();
    farm.pool.timer(60_000, targets.echo, [2]).result().subscribe().unsubscribe();
    const lost = () => told().filter((text) => /^jobs takes no job \S+ \(echo\): OOM/.test(text));
    await until(() => lost().length === 3);
    await expect(firstValueFrom(farm.pool.run(targets.echo, [3]))).rejects.toThrow('OOM');
    expect(lost()).toHaveLength(3);
  } finally {
    await admin.config('SET', 'maxmemory', '0');
  }
});

test('what was to outlive its Machines, and is refused as that is closed, is told of with the reason', async () => {
  const brief = new Farm(server, { lease: 1000 });
  await brief.pool.failed();
  await admin.config('SET', 'maxmemory', '1');
  try {
    brief.pool.timer(60_000, targets.echo, [1]);
    await brief[Symbol.asyncDispose]();
    const message = expect.stringMatching(/^jobs may not have job/);
    expect(brief.errors).toMatchObject([{ message, cause: { message: expect.stringMatching(/^OOM/) } }]);
  } finally {
    await admin.config('SET', 'maxmemory', '0');
  }
});

test('jobs that wait begin while the engine is full, and one that is left is cancelled', async () => {
  const waiting = [1, 2, 3].map((n) => firstValueFrom(farm.pool.run(targets.echo, [n])));
  const begun = new Subject<void>();
  const left = farm.pool.run(targets.reportAndWait, [4], { onProgress: () => begun.next() }).subscribe();
  const begins = firstValueFrom(begun);
  await until(async () => (await counts(farm.pool)).waiting === 4);
  await admin.config('SET', 'maxmemory', '1');
  try {
    const { running$ } = farm.serve();
    expect(await Promise.all(waiting)).toEqual([1, 2, 3]);
    await begins;
    left.unsubscribe();
    await firstValueFrom(running$.pipe(filter((runs) => runs === 0)));
    expect(told()).toEqual([]);
  } finally {
    await admin.config('SET', 'maxmemory', '0');
  }
});

test('a job that is given back while the engine is full wakes who waits for jobs', async () => {
  let runs = 0;
  const options = { priority: 1, onProgress: () => runs++ };
  const gate = new Gate();
  const done = firstValueFrom(farm.pool.run(targets.reportUntilThere, [gate.file], options));
  const first = farm.serve();
  await until(() => runs === 1);
  await admin.config('SET', 'maxmemory', '1');
  try {
    farm.serve();
    await first.close({ timeout: 0 });
    await until(() => runs === 2);
    gate.open();
    expect([await done, runs, told()]).toEqual([gate.file, 2, []]);
  } finally {
    await admin.config('SET', 'maxmemory', '0');
  }
});

test('a schedule goes on while the engine is full', async () => {
  farm.serve();
  await farm.pool.schedule('often', { every: 100 }, targets.echo, [1]);
  const done = async () => (await counts(farm.pool)).completed ?? 0;
  await until(async () => (await done()) > 0);
  await admin.config('SET', 'maxmemory', '1');
  try {
    const before = await done();
    await until(async () => (await done()) > before + 5);
    const held = farm.errors.map(({ message }) => message).filter((text) => /repeatable/.test(text));
    expect(held).toEqual([]);
  } finally {
    await admin.config('SET', 'maxmemory', '0');
  }
});

test('a job whose process is killed while the engine is full runs again elsewhere', async () => {
  let runs = 0;
  const gate = new Gate();
  const job = farm.pool.run(targets.reportUntilThere, [gate.file], { onProgress: () => runs++ });
  const done = firstValueFrom(job);
  const one = farm.start();
  await until(() => runs === 1);
  await admin.config('SET', 'maxmemory', '1');
  try {
    farm.serve();
    await farm.kill(one);
    await until(() => runs === 2);
    gate.open();
    expect([await done, runs]).toEqual([gate.file, 2]);
  } finally {
    await admin.config('SET', 'maxmemory', '0');
  }
});

test('an engine that refuses a job is not asked again at once', async () => {
  farm.pool.run(targets.echo, [1]).subscribe({ error: () => {} });
  await until(async () => (await counts(farm.pool)).waiting === 1);
  const refused = async () =>
    Number(/cmdstat_evalsha:.*rejected_calls=(\d+)/.exec(await admin.info('commandstats'))?.[1]);
  const before = await refused();
  await admin.acl('SETUSER', 'default', '-evalsha', '-eval');
  try {
    farm.serve();
    await until(() => told().some((text) => /^NOPERM/.test(text)));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const more = (await refused()) - before;
    expect(more).toBeGreaterThan(0);
    expect(more).toBeLessThan(100);
  } finally {
    await admin.acl('SETUSER', 'default', '+evalsha', '+eval');
  }
});

test.each([{}, { dedupe: 'one' }])(
  'a job that was left is out of the queue when its Machines is closed: %o',
  async (options) => {
    const link = await slowLink(server.port, 50);
    const { namespace } = farm;
    const afar = new Farm(server, { connection: link.url, namespace, lease: 5000 });
    await afar.pool.failed();
    const left = afar.pool.run(targets.echo, [1], options).subscribe();
    // It is on its way.
    await new Promise((resolve) => setTimeout(resolve, 10));
    left.unsubscribe();
    await afar[Symbol.asyncDispose]();
    expect(await counts(farm.pool)).toMatchObject({ waiting: 0, active: 0 });
    expect(await admin.keys(`{${namespace}}:*:de:*`)).toEqual([]);
    link.close();
  },
);
