// One battery for all operators: those over primitives in virtual time and against other threads, those over threads
// with real workers.
import { readFileSync } from 'node:fs';
import { BoundedSemaphore, Condition, Lock, RLock, Semaphore, ThreadPool } from 'rxjs-threading';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  overBarrierElsewhere,
  overConditionElsewhere,
  overEventElsewhere,
  overLockElsewhere,
  overTimeForReal,
} from '../support/bound-elsewhere.js';
import { overBarrier, overCondition, overEvent, overLock, overTime } from '../support/bound-here.js';
import { overMap, overPipe, overPulledRun, overRun } from '../support/bound-threads.js';
import { foreignLock } from '../support/foreign-lock.js';
import { cutOperatorLaws, mappingLaws, operatorLaws } from '../support/operator-laws.js';
import { cutLaws, functionLaws, streamLaws } from '../support/stream-laws.js';
import { forReal, inFrames } from '../support/watch.js';

mappingLaws('withLock over a Lock', inFrames, () => overLock(new Lock()));
mappingLaws('withLock over an RLock', inFrames, () => overLock(new RLock()));
mappingLaws('withLock over a Condition', inFrames, () => overLock(new Condition(new Lock())));
mappingLaws('withLock over a Semaphore', inFrames, () => overLock(new Semaphore(1)));
mappingLaws('withLock over a BoundedSemaphore of 3', inFrames, () => overLock(new BoundedSemaphore(3), 3));
mappingLaws('withLock over a lock of somebody else', inFrames, () => overLock(foreignLock()));
operatorLaws('awaitEvent', inFrames, overEvent);
cutOperatorLaws('awaitEvent', inFrames, overEvent);
operatorLaws('barrierZip', inFrames, overBarrier);
cutOperatorLaws('barrierZip', inFrames, overBarrier);
operatorLaws('timerDelay', inFrames, overTime);
cutOperatorLaws('timerDelay', inFrames, overTime);
mappingLaws('awaitCondition', inFrames, overCondition);

mappingLaws('withLock over a Lock of two threads', forReal, () => overLockElsewhere(() => new Lock()));
mappingLaws('withLock over an RLock of two threads', forReal, () => overLockElsewhere(() => new RLock()));
mappingLaws('withLock over a Semaphore of two threads', forReal, () =>
  overLockElsewhere(() => new Semaphore(1)),
);
operatorLaws('awaitEvent of another thread', forReal, overEventElsewhere);
operatorLaws('barrierZip with another thread', forReal, overBarrierElsewhere);
operatorLaws('timerDelay in real time', forReal, overTimeForReal);
mappingLaws('awaitCondition of another thread', forReal, overConditionElsewhere);

const pool = new ThreadPool({ minThreads: 2, maxThreads: 2 });
// A worker that has not begun cannot begin while an endless source keeps the event loop.
beforeAll(() => pool.run(() => {}));
afterAll(() => pool.close());
mappingLaws('threadMap', forReal, () => overMap(pool));
mappingLaws('threadMap, one at a time', forReal, () => overMap(pool, { ordered: false, concurrency: 1 }));
mappingLaws('threadMap, one key after the other and watched', forReal, () =>
  overMap(pool, { key: () => 'one', timeout: 60_000, onError: () => 'fail', onProgress: () => {} }),
);
mappingLaws('threadPipe', forReal, overPipe);
streamLaws('runInThread', forReal, overRun);
functionLaws('runInThread', forReal, overRun);
cutLaws('runInThread', forReal, overPulledRun);

it('are bound to every operator that the package has', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const exported = [...read('../../src/index.ts').matchAll(/(\w+) } from '.\/operators\/(?!parts)/g)].map(
    ([, name]) => name,
  );
  const bound = [...read('./laws.test.ts').matchAll(/^(?:mapping|operator|stream)Laws\('(\w+)/gm)].map(
    ([, name]) => name,
  );
  expect(exported).toContain('withLock');
  expect([...new Set(bound)].toSorted()).toEqual(exported.toSorted());
});
