import type { Output } from './output.js';

/** Enough of an Observable, of whatever library, to run it. */
interface Subscribable {
  subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): {
    unsubscribe(): void;
  };
}
type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

/** How to take the values of a target's result one by one; undefined: it is a value itself. */
export type Pump = (output: Output) => { readonly ended: Promise<void>; readonly stop: () => void };

export function pumpOf(result: unknown): Pump | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  if (typeof (result as Subscribable).subscribe === 'function') {
    return (output) => pumpObservable(result as Subscribable, output);
  }
  if (typeof (result as AsyncIterable<unknown>)[Symbol.asyncIterator] === 'function') {
    return (output) => pumpIterator((result as AsyncIterable<unknown>)[Symbol.asyncIterator](), output);
  }
  // Arrays, Maps and Sets can be iterated as well, but are values.
  if (Object.prototype.toString.call(result) === '[object Generator]') {
    return (output) => pumpIterator(result as Iterator<unknown>, output);
  }
  return undefined;
}

/** It pushes, so what the reader has no room for waits here. */
function pumpObservable(source: Subscribable, output: Output): ReturnType<Pump> {
  let stop = (): void => {};
  const ended = new Promise<void>((resolve, reject) => {
    const subscription = source.subscribe({
      next: (value) => output.push(value),
      error: reject,
      complete: resolve,
    });
    stop = () => subscription.unsubscribe();
  });
  return { ended, stop: () => stop() };
}

/** It is pulled, and only while the reader has room. */
function pumpIterator(iterator: AnyIterator, output: Output): ReturnType<Pump> {
  let stopped = false;
  const pull = async (): Promise<void> => {
    while (!stopped) {
      if (!output.hasRoom) await output.untilRoom();
      if (stopped) return;
      const next = iterator.next();
      const { done, value } = next instanceof Promise ? await next : (next as IteratorResult<unknown>);
      if (done === true) return;
      output.push(value);
    }
  };
  return {
    ended: pull(),
    stop: () => {
      stopped = true;
      // The thread ends with the reason why it was stopped, whatever comes of this.
      void (async () => iterator.return?.())().catch(() => {});
    },
  };
}
