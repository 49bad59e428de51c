import { AsyncLocalStorage } from 'node:async_hooks';
import { catchError, concat, lastValueFrom, NEVER, type Observable, of, Subject, take, tap } from 'rxjs';
import {
  awaitCondition,
  awaitEvent,
  Barrier,
  barrierZip,
  Condition,
  Event,
  Lock,
  runInThread,
  ThreadPool,
  threadMap,
  threadPipe,
  timerDelay,
  withLock,
} from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';

const request = new AsyncLocalStorage<string>();
const pool = new ThreadPool({ maxThreads: 1, minThreads: 1 });
afterAll(() => pool.close());

interface Row {
  readonly values: Observable<unknown>;
  /** Lets the value go on that waits. */
  readonly letGoOn: () => unknown;
}

/** What a subscriber sees of each operator, whose value goes on because of somebody else's request. */
const rows: Record<string, (see: () => void) => Row> = {
  'the project of withLock': (see) => {
    const first = new Subject<never>();
    const inner = (value: number) => (value === 1 ? first : of(value).pipe(tap(see)));
    return { values: of(1, 2).pipe(withLock(new Lock(), inner)), letGoOn: () => first.complete() };
  },
  awaitEvent: () => {
    const event = new Event();
    return { values: of(1).pipe(awaitEvent(event)), letGoOn: () => event.set() };
  },
  awaitCondition: () => {
    const condition = new Condition();
    let holds = false;
    const letGoOn = () => {
      holds = true;
      condition.acquire().subscribe(() => {
        condition.notify();
        condition.release();
      });
    };
    return { values: of(1).pipe(awaitCondition(condition, () => holds)), letGoOn };
  },
  barrierZip: () => {
    const barrier = new Barrier(2);
    return { values: of(1).pipe(barrierZip(barrier)), letGoOn: () => barrier.wait().subscribe() };
  },
  timerDelay: () => {
    const source = new Subject<number>();
    return { values: source.pipe(timerDelay(1), take(1)), letGoOn: () => source.next(1) };
  },
  threadMap: () => {
    const source = new Subject<number>();
    const mapped = source.pipe(
      threadMap((value: number) => value, { pool }),
      take(1),
    );
    return { values: mapped, letGoOn: () => source.next(1) };
  },
  threadPipe: () => {
    const source = new Subject<number>();
    const piped = source.pipe(
      threadPipe((values: Observable<number>) => values, { pool }),
      take(1),
    );
    return { values: piped, letGoOn: () => source.next(1) };
  },
  runInThread: () => ({
    values: concat(
      runInThread(() => 1),
      NEVER,
    ).pipe(take(1)),
    letGoOn: () => {},
  }),
  'runInThread whose signal is aborted': () => {
    const controller = new AbortController();
    const options = { signal: controller.signal, grace: 0 };
    const values = runInThread(() => new Promise(() => {}), [], options).pipe(
      catchError(() => of('aborted')),
    );
    return { values, letGoOn: () => controller.abort() };
  },
};

describe('what had to wait goes on in the async context of who subscribed', () => {
  it.each(Object.entries(rows))('%s', async (_, make) => {
    // The worker's messages come in the context of who used it first.
    await request.run('first', () => lastValueFrom(runInThread(() => 0)));
    const seen: (string | undefined)[] = [];
    const see = (): void => void seen.push(request.getStore());
    const { values, letGoOn } = make(see);
    const done = request.run('mine', () => lastValueFrom(values.pipe(tap(see))));
    request.run('theirs', letGoOn);
    await done;
    expect(new Set(seen)).toEqual(new Set(['mine']));
  });
});
