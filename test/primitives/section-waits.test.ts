import { type Observable, of, type Subscription } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Condition, Lock, RLock, Semaphore, withLock } from '../../src/index.js';
import type { Acquirable } from '../../src/primitives/acquirable.js';
import { type SectionWait, sectionWaits } from '../../src/primitives/section-waits.js';
import { SECTIONS } from '../../src/primitives/threads/trace-flag.js';
import { waits } from '../../src/primitives/threads/wait-graph.js';
import { watchAs } from '../../src/primitives/threads/watching.js';
import { collectGarbage } from '../support/collect-garbage.js';
import { until } from '../support/turns.js';

let stop: () => void = () => {};
const running: Subscription[] = [];
beforeEach(() => {
  stop = watchAs(SECTIONS);
});
afterEach(() => {
  for (const one of running.splice(0)) one.unsubscribe();
  stop();
  expect(sectionWaits()).toEqual([]);
});

function run(work: Observable<unknown>): void {
  running.push(work.subscribe());
}

function nested(outer: Acquirable, inner: Acquirable, inside: () => Observable<unknown> | Promise<unknown>) {
  return of(1).pipe(withLock(outer, () => of(1).pipe(withLock(inner, inside))));
}

const never = (): Promise<unknown> => new Promise(() => {});

const waitFor = (primitive: object): SectionWait[] =>
  sectionWaits().filter((wait) => wait.primitive === (primitive as { id: number }).id);

const KINDS = [
  ['Lock', () => new Lock()],
  ['Semaphore', () => new Semaphore()],
  ['RLock', () => new RLock()],
] as const;

describe.each(KINDS)('the sections that hold a %s and wait', (kind, make) => {
  it('for one another, are told apart from the thread', async () => {
    const [first, second] = [make(), make()];
    const both = [new Promise<void>((resolve) => setTimeout(resolve, 2))];
    for (const [outer, inner] of [
      [first, second],
      [second, first],
    ] as const) {
      const inside = async () => {
        await Promise.all(both);
        run(of(1).pipe(withLock(inner, never)));
        await never();
      };
      run(of(1).pipe(withLock(outer, inside)));
    }
    while (sectionWaits().length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    const [[one], [other]] = [waitFor(second), waitFor(first)];
    expect(one?.sections).toHaveLength(2);
    expect(other?.sections).toHaveLength(2);
    expect(one?.holders).toEqual([other?.sections[1]]);
    expect(other?.holders).toEqual([one?.sections[1]]);
    expect(waits().map(({ id }) => id)).toContain(one?.wait);
  });

  it('for what they hold themselves: of an RLock they need not', () => {
    const lock = make();
    run(nested(lock, lock, never));
    const [wait] = waitFor(lock);
    expect(wait === undefined).toBe(kind === 'RLock');
    expect(wait?.holders).toEqual(wait?.sections.slice(1));
  });

  it('for another that only takes its time', async () => {
    const lock = make();
    run(of(1).pipe(withLock(lock, never)));
    run(of(1).pipe(withLock(lock, never)));
    const [wait] = waitFor(lock);
    expect(wait?.sections).toHaveLength(1);
    expect(wait?.holders).toHaveLength(1);
    expect(wait?.sections).not.toEqual(wait?.holders);
  });

  it('for what other code of the thread has', () => {
    const lock = make();
    lock.acquireSync();
    run(of(1).pipe(withLock(lock, never)));
    // An RLock is the thread's then, which may enter again.
    expect(waitFor(lock).map(({ holders }) => holders)).toEqual(kind === 'RLock' ? [] : [[]]);
    lock.release();
  });
});

describe('a section over a Condition', () => {
  it('holds nothing while it waits to be notified', async () => {
    const condition = new Condition(new Lock());
    run(of(1).pipe(withLock(condition, () => condition.wait())));
    expect(waitFor(condition)).toMatchObject([{ holders: [] }]);
    run(of(1).pipe(withLock(condition, never)));
    run(of(1).pipe(withLock(condition, never)));
    const [waiting] = waitFor(condition);
    const [wait] = waitFor(condition.lock);
    expect(wait?.holders).toHaveLength(1);
    expect(wait?.holders).not.toEqual([waiting?.sections[0]]);
  });
});

it('a section that ends while it waits for a Condition, which so is left, is forgotten', async () => {
  const leaveAWait = (): WeakRef<object> => {
    const condition = new Condition();
    const work = of(1).pipe(withLock(condition, () => condition.waitFor(() => false)));
    work.subscribe().unsubscribe();
    return new WeakRef(condition.lock);
  };
  const lock = leaveAWait();
  await until(() => {
    collectGarbage();
    return lock.deref() === undefined;
  });
});
