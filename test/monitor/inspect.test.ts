import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { filter, firstValueFrom, NEVER, of, take, toArray } from 'rxjs';
import {
  Condition,
  Event,
  Lock,
  RLock,
  Semaphore,
  sleepSync,
  Thread,
  ThreadPool,
  threadModule,
  withLock,
} from 'rxjs-threading';
import { type Finding, type Inspection, inspect, inspect$ } from 'rxjs-threading/monitor';
import { describe, expect, it } from 'vitest';
import { starterHere } from '../../src/primitives/threads/claim-slot.js';
import { getIdent } from '../../src/primitives/threads/current-ident.js';
import { KeptSlot } from '../../src/primitives/threads/kept-slot.js';
import { withdraw } from '../../src/primitives/threads/thread-slots.js';
import { computing } from '../support/monitor/planted.js';
import { sleep } from '../support/random.js';
import { runNode } from '../support/run-node.js';

const { waitForThread } = threadModule<typeof import('../fixtures/pool-jobs.js')>(
  new URL('../fixtures/pool-jobs.js', import.meta.url),
);

const fixture = fileURLToPath(new URL('../fixtures/monitor/may-go-on.js', import.meta.url));

/** The first moment in which it is so. */
function moment(isSo: (now: Inspection) => boolean): Promise<Inspection> {
  return firstValueFrom(inspect$().pipe(filter(isSo)));
}

/** Acquires, and ends when the lock is released. */
function once(lock: Lock): void {
  lock.acquireSync();
  lock.release();
}

describe('inspect', () => {
  it('tells of a job with which its worker begins in this moment that it does since then', () => {
    const slot = new KeptSlot(starterHere(getIdent()));
    const ident = slot.claim('letter', 0, 1);
    slot.show();
    const { time, threads } = inspect();
    const row = threads.find((thread) => thread.ident === ident);
    withdraw(ident);
    expect(row).toMatchObject({ activity: 'queued', since: time });
  });

  it('tells who waits, for how long, and who has what they wait for', async () => {
    const lock = new Lock({ name: 'ledger' });
    lock.acquireSync();
    const thread = new Thread({ target: once, args: [lock], name: 'clerk' }).start();
    while (lock.waiting === 0) await sleep(5);
    const { threads, primitives, waits: edges, version } = inspect({ watch: [lock] });
    const [wait] = edges;
    const primitive = primitives.find(({ name }) => name === 'ledger');
    expect(version).toBe(1);
    expect(wait).toMatchObject({
      ident: thread.ident,
      name: 'ledger',
      face: 'blocking',
      owner: 4096,
      until: null,
    });
    expect(primitive).toMatchObject({
      kind: 'Lock',
      named: true,
      queue: [wait?.id],
      state: { owner: { ident: 4096, alive: true, depth: 1, section: null } },
    });
    expect(threads.find(({ ident }) => ident === thread.ident)).toMatchObject({
      name: 'clerk',
      kind: 'thread',
      activity: 'waiting',
      since: wait?.since,
      runs: 'once',
      startedBy: 4096,
      waits: [wait?.id],
      pool: null,
    });
    expect(threads.find(({ kind }) => kind === 'main')?.holds).toEqual([primitive?.id]);
    expect(Math.abs((wait?.since ?? 0) - Date.now())).toBeLessThan(60_000);
    lock.release();
    await thread.join();
    const after = inspect({ watch: [lock] }).primitives.find(({ name }) => name === 'ledger');
    expect(after).toMatchObject({
      queue: [],
      state: { owner: null },
      contention: { contended: 1, timeouts: 0 },
    });
  });

  it('tells of nothing that began after its time, however often threads begin to wait meanwhile', async () => {
    const [lock, stop] = [new Lock(), new Event()];
    lock.acquireSync();
    const waitAnew = (one: Lock, end: Event): void => {
      while (!end.isSet()) one.acquireSync({ timeout: 1 });
    };
    const all = [1, 2, 3, 4].map(() => new Thread({ target: waitAnew, args: [lock, stop] }).start());
    while (lock.waiting === 0) await sleep(5);
    const ages: number[] = [];
    for (let looks = 0; looks < 1000; looks++) {
      const { time, threads, waits: edges } = inspect();
      for (const { since } of [...threads, ...edges]) ages.push(time - since);
      if (looks % 50 === 0) await setImmediate();
    }
    stop.set();
    await Promise.all(all.map((thread) => thread.join()));
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(0);
  });

  it('tells a thread that computes from one that has nothing to do, although it does not answer', async () => {
    const [go, end] = [new Event(), new Event()];
    const thread = new Thread({ target: computing, args: [go, end] }).start();
    const activity = ({ threads }: Inspection): string | undefined =>
      threads.find(({ ident }) => ident === thread.ident)?.activity;
    await moment((now) => activity(now) === 'idle');
    go.set();
    await moment((now) => activity(now) === 'running');
    end.set();
    await thread.join();
  });

  it('tells since when a thread has had nothing to do, not when it last said so', async () => {
    const [go, end] = [new Event(), new Event()];
    const thread = new Thread({ target: computing, args: [go, end] }).start();
    // What it answers is not told of for longer than three seconds, and it answers each second.
    await moment(({ threads, time }) =>
      threads.some(
        ({ ident, activity, since }) => ident === thread.ident && activity === 'idle' && time - since > 5000,
      ),
    );
    go.set();
    end.set();
    await thread.join();
  }, 30_000);

  it('survives JSON, and gives the state of every kind that is watched', () => {
    const rlock = new RLock();
    rlock.acquireSync();
    rlock.acquireSync();
    const [event, semaphore, condition] = [new Event(), new Semaphore(3), new Condition(rlock)];
    const now = inspect({ watch: [rlock, event, semaphore, condition] });
    expect(JSON.parse(JSON.stringify(now))).toEqual(now);
    const states = now.primitives.filter(({ named }) => !named).map(({ kind, state }) => [kind, state]);
    expect(Object.fromEntries(states)).toMatchObject({
      RLock: { owner: { ident: 4096, depth: 2 } },
      Event: { isSet: false },
      Semaphore: { value: 3, most: null },
      Condition: { lock: now.primitives.find(({ kind }) => kind === 'RLock')?.id },
    });
    rlock.release();
    rlock.release();
  });

  it('calls a primitive the same before it is waited for, however long its name is', () => {
    const lock = new Lock({ name: '漢'.repeat(1000) });
    const name = (): string | undefined =>
      inspect({ watch: [lock] }).primitives.find(({ id }) => id === lock.id)?.name;
    const before = name();
    lock.acquireSync();
    lock.acquire().subscribe().unsubscribe();
    expect([before, before?.replaceAll('漢', '')]).toEqual([name(), '']);
    lock.release();
  });

  it.each([
    [{ detail: 'much' }, TypeError, "detail must be 'contention' or 'all', got 'much'"],
    [{ watch: 3 }, TypeError, 'watch must be an array, got 3'],
    [{ watch: [{}] }, TypeError, 'watch takes primitives and ThreadPools, got {}'],
    [{ watch: [undefined] }, TypeError, 'watch takes primitives and ThreadPools, got undefined'],
    [{ depth: 1 }, TypeError, 'there is no option depth'],
  ])('refuses %j', (options, type, message) => {
    expect(() => inspect(options as object)).toThrow(type);
    expect(() => inspect(options as object)).toThrow(message);
    expect(() => inspect$(options as object)).toThrow(message);
  });

  it('tells which section of a thread owns a lock, and which waits', async () => {
    const looking = inspect$({ detail: 'all' }).subscribe();
    const locks = [new Lock({ name: 'plain' }), new RLock({ name: 'reentrant' })];
    const hold = (lock: Lock | RLock) => of(1).pipe(withLock(lock, () => NEVER));
    const states = () =>
      inspect({ watch: locks })
        .primitives.filter(({ id }) => locks.some((lock) => lock.id === id))
        .map(({ state }) => ('owner' in state ? state.owner?.section : undefined));
    const holds = locks.map((lock) => hold(lock).subscribe());
    const [one, other] = states();
    expect([typeof one, typeof other, one === other]).toEqual(['number', 'number', false]);
    const waiting = hold(locks[0] as Lock).subscribe();
    const { waits: edges } = inspect();
    const [section] = edges.filter(({ name }) => name === 'plain').map((wait) => wait.section);
    expect([typeof section, section === one]).toEqual(['number', false]);
    for (const one of [waiting, ...holds]) one.unsubscribe();
    await (locks[0] as Lock).acquire();
    expect(states()).toEqual([null, undefined]);
    (locks[0] as Lock).release();
    looking.unsubscribe();
  });
});

describe('a lock that goes from thread to thread', () => {
  it('is waited for by no thread that has it', async () => {
    const [lock, stop] = [new Lock({ name: 'hot' }), new Event()];
    const target = (lock: Lock, stop: Event) => {
      while (!stop.isSet()) {
        lock.acquireSync();
        for (let turn = 0; turn < 20_000; turn++);
        lock.release();
      }
    };
    const threads = [1, 2].map(() => new Thread({ target, args: [lock, stop] }).start());
    const wrong: unknown[] = [];
    for (let waited = 0; waited < 300; ) {
      await setImmediate();
      const { waits, primitives } = inspect({ watch: [lock] });
      const [hot] = primitives.filter(({ id }) => id === lock.id);
      const [wait] = waits.filter(({ primitive }) => primitive === lock.id);
      if (wait === undefined || hot === undefined || !('owner' in hot.state)) continue;
      waited++;
      if (hot.state.owner?.ident === wait.ident) wrong.push(wait);
      if (!hot.queue.includes(wait.id)) wrong.push(hot);
    }
    stop.set();
    await Promise.all(threads.map((thread) => thread.join()));
    expect(wrong).toEqual([]);
  });

  it('is waited for by one that had it, whatever a thread whose loop does not turn has seen', async () => {
    const lock = new Lock({ name: 'handed on' });
    const [seen, taken, told] = [new Event(), new Event(), new Event()];
    const first = (lock: Lock, seen: Event, taken: Event) => {
      lock.acquireSync();
      seen.waitSync();
      lock.release();
      taken.waitSync();
      lock.acquireSync();
      lock.release();
    };
    const second = (lock: Lock, taken: Event, told: Event) => {
      lock.acquireSync();
      taken.set();
      told.waitSync();
      lock.release();
    };
    const one = new Thread({ target: first, args: [lock, seen, taken] }).start();
    while (!lock.locked()) await sleep(5);
    const mine = lock.acquire().then(() => lock.release());
    const other = new Thread({ target: second, args: [lock, taken, told] }).start();
    while (lock.waiting < 2) await sleep(5);
    seen.set();
    taken.waitSync();
    while (lock.waiting < 2) sleepSync(5);
    sleepSync(100);
    const { waits, primitives } = inspect();
    told.set();
    const row = primitives.find(({ name }) => name === 'handed on');
    expect(row?.state).toMatchObject({ owner: { ident: other.ident } });
    expect(waits.filter(({ primitive }) => primitive === lock.id).map(({ ident }) => ident)).toContain(
      one.ident,
    );
    await Promise.all([mine, one.join(), other.join()]);
  });
});

describe('inspect$', () => {
  it('emits at once, after changes, and at least once a second', async () => {
    const moments = firstValueFrom(inspect$().pipe(take(3), toArray()));
    const thread = new Thread({ target: sleepMs, name: 'passing' }).start();
    const [first, ...later] = await moments;
    expect(first?.threads.length).toBeGreaterThan(0);
    expect(later.length).toBe(2);
    await thread.join();
  });

  it('tells of a pool what its workers do and which jobs wait, and of each loop how busy it is', async () => {
    await using pool = new ThreadPool({ maxThreads: 1, name: 'mail' });
    const gate = new Event();
    const jobs = [1, 2, 3].map((nth) => firstValueFrom(pool.run(waitFor, [gate], { name: `letter ${nth}` })));
    const now = await moment(
      ({ pools, threads }) =>
        pools.some(({ next }) => next.length === 2) &&
        threads.some(({ name, loop }) => name === 'letter 1' && loop !== null),
    );
    const [told] = now.pools.filter(({ name }) => name === 'mail');
    expect(told).toMatchObject({ of: 4096, maxThreads: 1, busy: 1, queued: 2, maxQueue: null, completed: 0 });
    expect(told?.next.map(({ name }) => name)).toEqual(['letter 2', 'letter 3']);
    const [running] = now.threads.filter(({ ident }) => told?.jobs.includes(ident));
    expect(running).toMatchObject({ name: 'letter 1', kind: 'job', pool: 'mail', runs: 'waitFor' });
    expect(running?.loop?.heapUsed).toBeGreaterThan(1e6);
    expect(running?.loop?.utilization).toBeLessThanOrEqual(1);
    gate.set();
    await Promise.all(jobs);
    const { pools } = await moment(({ pools: all }) => all.some(({ completed }) => completed === 3));
    expect(pools.find(({ name }) => name === 'mail')?.run.count).toBe(3);
  });

  it('does not keep the process alive', async () => {
    const code = `import { inspect$ } from 'rxjs-threading/monitor'; inspect$().subscribe(); console.log('looks');`;
    const { stdout, code: exit } = await runNode(['--input-type=module', '--eval', code]);
    expect([stdout, exit]).toEqual(['looks\n', 0]);
  });
});

describe('findings', () => {
  it('tell of a lock whose owner was killed, until somebody acquires it', async () => {
    const lock = new Lock({ name: 'left' });
    const thread = new Thread({ target: takeAndDie, args: [lock], name: 'killed' }).start();
    await firstValueFrom(thread.result()).catch(() => {});
    const isAbandoned = ({ kind }: Finding): boolean => kind === 'abandoned';
    const { findings, primitives } = inspect({ watch: [lock] });
    const primitive = primitives.find(({ name }) => name === 'left')?.id;
    expect(findings).toMatchObject([{ kind: 'abandoned', primitive, ident: thread.ident }]);
    expect(findings[0]?.message).toMatch(/^Lock 'left' is abandoned: 'killed' ended with it/);
    expect(() => lock.acquireSync()).toThrow(/died holding left/);
    expect(inspect({ watch: [lock] }).findings.filter(isAbandoned)).toEqual([]);
  });

  it('tell of a pool whose only worker waits for a job that is queued behind it', async () => {
    await using pool = new ThreadPool({ maxThreads: 1, name: 'small' });
    const begun = new Event();
    const outer = firstValueFrom(pool.run(waitForThread, [begun, 'inner', 'joinSync'], { name: 'outer' }));
    await begun.wait();
    const inner = new Thread({ target: () => 1, name: 'inner', pool }).start();
    const { findings, pools, threads } = await moment((now) => now.findings.length > 0);
    const id = pools.find(({ name }) => name === 'small')?.id;
    expect(findings).toMatchObject([{ kind: 'starvation', id: `starvation ${id}`, pool: id }]);
    expect(findings[0]?.message).toMatch(/^small starves: its only worker waits/);
    expect(threads.find(({ name }) => name === 'outer')?.finding).toBe(findings[0]?.id);
    await inner.terminate();
    await outer;
    expect((await moment((now) => now.pools.every(({ busy }) => busy === 0))).findings).toEqual([]);
  });

  it('tell that everything waits, in a program that nothing can end', async () => {
    const code = `
      import { Event } from 'rxjs-threading';
      import { inspect$ } from 'rxjs-threading/monitor';
      new Event({ name: 'never' }).wait().subscribe();
      inspect$().subscribe(({ findings }) => {
        for (const { kind, message } of findings) {
          console.log(kind, message);
          process.exit();
        }
      });`;
    const { stdout } = await runNode(['--input-type=module', '--eval', code]);
    expect(stdout).toMatch(/^stall Nothing goes on: 'MainThread' waits without a timeout/);
  });

  it.each(['signal', 'abort', 'input', 'message', 'computing'])(
    'tell of no standstill that may end: %s',
    async (what) => {
      const { stdout, stderr } = await runNode([fixture, what]);
      expect(stderr).toBe('');
      expect(stdout).toBe('nothing found\n');
    },
  );
});

function sleepMs(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

async function waitFor(gate: Event): Promise<void> {
  await gate.wait();
}

function takeAndDie(lock: Lock): void {
  lock.acquireSync();
  process.exit();
}
