// A Subscriber of the user's own may throw at a value, as those of RxJS do not: that is told as RxJS tells of what nobody hears,
// and what is behind that value goes on.
import { config, defer, type Observable, of, Subscriber } from 'rxjs';
import {
  awaitCondition,
  awaitEvent,
  Barrier,
  barrierZip,
  Condition,
  Event,
  Lock,
  ThreadPool,
  threadMap,
  threadPipe,
  timerDelay,
  withLock,
} from 'rxjs-threading';
import { afterAll, afterEach, expect, it } from 'vitest';

const pool = new ThreadPool({ minThreads: 1, maxThreads: 1 });
afterAll(() => pool.close());
afterEach(() => {
  config.onUnhandledError = null;
});

class Picky extends Subscriber<unknown> {
  readonly got: unknown[] = [];
  readonly #ended: (got: readonly unknown[]) => void;

  constructor(ended: (got: readonly unknown[]) => void) {
    super();
    this.#ended = ended;
  }

  protected override _next(value: unknown): void {
    if (String(value).startsWith('2')) throw new Error('not 2');
    this.got.push(value);
  }

  protected override _complete(): void {
    super._complete();
    this.#ended(this.got);
  }
}

const source = of(1, 2, 3);
const same = (value: number): number => value;

const rows: Record<string, () => Observable<unknown>> = {
  withLock: () => source.pipe(withLock(new Lock(), async (value) => value)),
  awaitEvent: () => {
    const event = new Event();
    setImmediate(() => event.set());
    return source.pipe(awaitEvent(event));
  },
  awaitCondition: () => {
    const [condition, state] = [new Condition(), { ready: false }];
    setImmediate(() => {
      state.ready = true;
      using _held = condition.holdSync();
      condition.notifyAll();
    });
    return source.pipe(awaitCondition(condition, () => state.ready));
  },
  barrierZip: () => source.pipe(barrierZip(new Barrier(2), source)),
  timerDelay: () => source.pipe(timerDelay(1)),
  threadMap: () => source.pipe(threadMap(same, { pool })),
  'threadMap, as it comes': () => source.pipe(threadMap(same, { pool, ordered: false })),
  threadPipe: () => source.pipe(threadPipe((values: Observable<number>) => values)),
};

it.each(Object.keys(rows))('%s', async (name) => {
  const told = new Promise((tell) => {
    config.onUnhandledError = tell;
  });
  const got = await new Promise<readonly unknown[]>((ended) => {
    defer(rows[name] as () => Observable<unknown>).subscribe(new Picky(ended));
  });
  expect(got.flat()).toEqual(name === 'barrierZip' ? [1, 1, 3, 3] : [1, 3]);
  expect(await told).toMatchObject({ message: 'not 2' });
});
