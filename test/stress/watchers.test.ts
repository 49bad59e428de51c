import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Observable, Subscription } from 'rxjs';
import {
  activeCount$,
  Barrier,
  Event,
  enumerate$,
  Lock,
  Semaphore,
  Thread,
  threadModule,
} from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import * as fixture from '../fixtures/stress/watchers.js';
import { runFixture } from '../support/run-fixture.js';
import { until } from '../support/turns.js';

const threads = threadModule<typeof fixture>(new URL('../fixtures/stress/watchers.js', import.meta.url));

const cases = [
  { streams: ['locked$'], make: () => new Lock() },
  { streams: ['value$'], make: () => new Semaphore(0) },
  { streams: ['isSet$'], make: () => new Event() },
  { streams: ['broken$'], make: () => new Barrier(2) },
];
const named = cases.map((it) => [it.make().constructor.name, it] as const);
const CHANGES = 20;

interface Cost {
  readonly operations: number;
  readonly notified: number;
  /** At most, by one notification. */
  readonly woken: number;
}

const mostWoken = (found: readonly Pick<Cost, 'woken'>[]): number =>
  Math.max(...found.map(({ woken }) => woken));

/** What each change by a worker costs it while so many watch in main, and so many in another worker. */
async function costs(of: object, streams: string[], watchers: number): Promise<Cost[]> {
  const seen = new Int32Array(new SharedArrayBuffer(8));
  const begun = new Event();
  const over = new Event();
  const watching = fixture.watchMany(streams, of, watchers, seen, 0) as Subscription;
  const args = [streams, of, watchers, seen, 1, begun, over] as const;
  const elsewhere = new Thread({ target: threads.watchManyUntil, args }).start();
  await begun.wait();
  const changing = new Thread({ target: threads.costsOfChanges, args: [streams[0], of, CHANGES, seen] });
  const found = (await changing.start().result()) as Cost[];
  watching.unsubscribe();
  over.set();
  await elsewhere.result();
  return found;
}

describe('a thousand watchers in each of two threads', () => {
  it.each(named)('cost who changes the %s what one in each does', async (_, { streams, make }) => {
    const few = await costs(make(), streams, 1);
    const many = await costs(make(), streams, 1000);
    const most = (all: Cost[], what: keyof Cost): number => Math.max(...all.map((cost) => cost[what]));
    // A thread that is still looking at the change before costs a change a try more, or a notification less.
    expect(most(many, 'operations')).toBeLessThanOrEqual(most(few, 'operations') + 2);
    expect(most(many, 'notified')).toBe(1);
    expect(mostWoken(many)).toBe(2);
  });

  it('are woken together for all streams of one Barrier', async () => {
    const found = await costs(new Barrier(2), ['broken$', 'nWaiting$'], 1000);
    // Reading nWaiting takes turns with the change, which may notify for that too.
    expect(mostWoken(found)).toBe(2);
  });
});

describe('the streams of a thousand threads', () => {
  it('wake main once for each thread that another starts', async () => {
    const STARTS = 8;
    const seen = new Int32Array(new SharedArrayBuffer(4));
    const over = new Event();
    const watching = new Subscription();
    const watched = Array.from({ length: 1000 }, () => new Thread({ target: () => {} }));
    for (const { state$, isAlive$ } of watched) {
      watching.add(state$.subscribe());
      watching.add(isAlive$.subscribe());
    }
    watching.add(enumerate$.subscribe());
    const starter = new Thread({ target: threads.costsOfStarts, args: [STARTS, seen, over] });
    starter.start();
    await until(() => starter.state === 'running');
    watching.add(activeCount$.subscribe((count) => Atomics.store(seen, 0, count)));
    const found = (await starter.result()) as Omit<Cost, 'operations'>[];
    expect(found).toHaveLength(STARTS);
    expect(mostWoken(found)).toBe(1);
    watching.unsubscribe();
    over.set();
  });
});

describe('watchers that have left', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;

  it.each(named)('hold no memory, that of the %s included', async (_, { streams, make }) => {
    const watchAndLeave = (): WeakRef<object> => {
      const of = make() as unknown as Record<string, Observable<unknown>>;
      const all = Array.from({ length: 1000 }, () => streams.map((stream) => of[stream]!.subscribe())).flat();
      for (const one of all) one.unsubscribe();
      return new WeakRef(of);
    };
    const ref = watchAndLeave();
    await until(() => {
      collect();
      return ref.deref() === undefined;
    });
    expect(ref.deref()).toBeUndefined();
  });

  it('cost who changes the state nothing', async () => {
    const lock = new Lock();
    const all = Array.from({ length: 1000 }, () => lock.locked$.subscribe());
    for (const one of all) one.unsubscribe();
    const seen = new Int32Array(new SharedArrayBuffer(0));
    const args = ['locked$', lock, CHANGES, seen] as const;
    const found = (await new Thread({ target: threads.costsOfChanges, args }).start().result()) as Cost[];
    // The flag that they left behind goes with the first.
    expect(found.slice(1).map(({ notified }) => notified)).toEqual(Array(CHANGES - 1).fill(0));
  });
});

it('a process that watches everything and does nothing else ends by itself', async () => {
  expect(await runFixture('stress/streams-life.js')).toEqual({
    code: 0,
    signal: null,
    stdout: 'told\n',
    stderr: '',
  });
});
