// An option that nobody heeds, by a typing error or from another library, is refused where it is given.
import { EMPTY } from 'rxjs';
import {
  awaitCondition,
  awaitEvent,
  Condition,
  Event,
  Lock,
  runInThread,
  Thread,
  threadMap,
  threadPipe,
  timerDelay,
  withLock,
} from 'rxjs-threading';
import { expect, it } from 'vitest';

it.each<[string, (options: object) => unknown, string]>([
  ['withLock', (options) => withLock(new Lock(), options), 'timeout, owner'],
  ['withLock with a project', (options) => withLock(new Lock(), () => EMPTY, options), 'timeout, owner'],
  ['awaitEvent', (options) => awaitEvent(new Event(), options), 'timeout, keep'],
  ['awaitCondition', (options) => awaitCondition(new Condition(), () => true, options), 'timeout'],
  ['timerDelay', (options) => timerDelay(1, options), 'cancel, scheduler'],
  ['threadPipe', (options) => threadPipe(() => EMPTY, options), 'pool, grace'],
  ['threadMap', (options) => threadMap(() => 1, options), 'concurrency, buffer'],
  ['runInThread', (options) => runInThread(() => 1, [], options), 'signal, name'],
  ['Thread', (options) => new Thread({ target: () => 1, ...options }), 'target, args'],
])('%s refuses an option that it does not know, and names those it does', (_, call, known) => {
  expect(() => call({ threads: 4 })).toThrow(TypeError);
  expect(() => call({ threads: 4 })).toThrow(
    /^there is no option threads: .* are known, got \{ threads: 4 \}$/,
  );
  expect(() => call({ threads: 4 })).toThrow(known);
  expect(() => call({ threads: undefined })).not.toThrow();
});
