import { nextTurn } from '../../primitives/waiting/event-loop.js';
import type { BatchSender } from '../wire/batch-sender.js';
import { SampledClock } from '../wire/sampled-clock.js';
import { isAsyncIterable, isSubscribable, isThenable, type Subscribable } from './result-kind.js';

/** The event loop turns at least so often while values are pulled, in ms. */
const TURN_EVERY = 10;

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

/** A source whose values are being taken one by one. */
interface Pumping {
  readonly ended: Promise<void>;
  stop(): void;
}

export function pump(source: object, output: BatchSender): Pumping {
  if (isSubscribable(source)) return pumpObservable(source, output);
  if (isAsyncIterable(source)) return pumpIterator(source[Symbol.asyncIterator](), output);
  return pumpIterator(source as Iterator<unknown>, output);
}

/** An Observable pushes: values that the reader has no room for wait in the BatchSender. */
function pumpObservable(source: Subscribable, output: BatchSender): Pumping {
  let stop = (): void => {};
  const ended = new Promise<void>((resolve, reject) => {
    const subscription = source.subscribe({
      next: (value) => output.push(value),
      error: reject,
      complete: resolve,
    });
    stop = () => subscription.unsubscribe();
  });
  return {
    ended,
    stop: () => {
      try {
        stop();
      } catch {
        // As with an iterator's `return`: the thread ends with the reason why it was stopped.
      }
    },
  };
}

/** An iterator is pulled, and only while the reader has room. */
function pumpIterator(iterator: AnyIterator, output: BatchSender): Pumping {
  let stopped = false;
  const pull = async (): Promise<void> => {
    const clock = new SampledClock();
    let turned = clock.exactly();
    while (!stopped) {
      if (!output.hasRoom) await output.untilRoom();
      // A source that never waits must not keep a cancel from being heard.
      if (clock.roughly() - turned > TURN_EVERY) {
        await new Promise<void>(nextTurn);
        turned = clock.exactly();
      }
      if (stopped) return;
      const next = iterator.next();
      const { done, value } = isThenable<IteratorResult<unknown>>(next) ? await next : next;
      if (done === true) return;
      output.push(value);
    }
  };
  return {
    ended: pull(),
    stop: () => {
      stopped = true;
      // The thread ends with the reason why it was stopped; an error of the iterator's `return` would not change that.
      void (async () => iterator.return?.())().catch(() => {});
    },
  };
}
