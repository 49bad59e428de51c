import { asyncScheduler, config, Observable, type Subscription } from 'rxjs';
import { expect } from 'vitest';
import type { Script } from './script.js';
import { turns, until } from './turns.js';
import { inVirtualTime } from './virtual-time.js';

/** An operator, made ready for the laws. */
export interface Bound {
  /** What a source gives through it, with nothing in the way. */
  readonly open: (source: Script) => Observable<unknown>;
  /** With everything in the way, until `unblock`, or for 10 frames. */
  readonly shut: (source: Script) => Observable<unknown>;
  /** Something is in the way of a value that has come. */
  waits(): boolean;
  unblock(): void;
  /** Nobody waits, nothing is held, no worker works; may unblock. */
  free(): boolean;
  end?(): PromiseLike<unknown>;
}

/** One with a function of the user's that throws RangeError('no 2') for the value 2. */
export interface Failing extends Bound {
  readonly failing: (source: Script) => Observable<unknown>;
}

export interface Watching<B extends Bound> {
  make(): B | Promise<B>;
  pipeline(bound: B): Observable<unknown>;
  /** While a value waits, or after so many; otherwise after the end. */
  leave?: 'while waiting' | number;
  /** Called within `next`. */
  each?(value: unknown): void;
  /** The source itself says more after its end. */
  unruly?: true;
  /** Called when a value waits, before it is unblocked. */
  whenWaiting?(): void;
}

export interface Watched {
  /** Values, and the end: 'complete' or 'error sad'. */
  readonly seen: unknown[];
  /** What nobody caught. */
  readonly unhandled: unknown[];
}

/**
 * Subscribes, unblocks, and leaves. Holds it to what is true whatever happens: that all is free then, and nothing is
 * said after the end, or to who has left.
 */
export type Watch = <B extends Bound>(watching: Watching<B>) => Promise<Watched>;

/** In a TestScheduler: unblocked at frame 10. */
export const inFrames: Watch = async ({ make, pipeline, leave, each, unruly, whenWaiting }) => {
  const bound = await make();
  return await listening(unruly, async (listener) => {
    inVirtualTime(({ flush }) => {
      const subscription = listener.listen(pipeline(trackedBound(bound)), each);
      const look = (): void => {
        if (leave === 'while waiting' || whenWaiting) expect(bound.waits()).toBe(true);
        whenWaiting?.();
        if (leave !== 'while waiting') return;
        subscription.unsubscribe();
        expect(bound.waits()).toBe(false);
      };
      asyncScheduler.schedule(look, 5);
      asyncScheduler.schedule(() => bound.unblock(), 10);
      asyncScheduler.schedule(() => subscription.unsubscribe(), 100);
      flush();
    });
    if (typeof leave === 'number') expect(listener.seen).toHaveLength(leave);
    expect(bound.free()).toBe(true);
  });
};

/** With real time and real workers: unblocked when something waits. */
export const forReal: Watch = async ({ make, pipeline, leave, each, unruly, whenWaiting }) => {
  const bound = await make();
  try {
    return await listening(unruly, async (listener) => {
      const subscription = listener.listen(pipeline(trackedBound(bound)), each);
      if (leave === 'while waiting') await until(() => bound.waits());
      else if (leave !== undefined) await until(() => listener.seen.length >= leave);
      else {
        await until(() => listener.ended || bound.waits());
        whenWaiting?.();
        bound.unblock();
        await until(() => listener.ended);
      }
      subscription.unsubscribe();
      await until(() => bound.free());
      // For what would come too late.
      await turns(10);
      if (typeof leave === 'number') expect(listener.seen).toHaveLength(leave);
    });
  } finally {
    await bound.end?.();
  }
};

/** Those that were subscribed to an Observable of ours. */
const ours = new WeakSet<object>();

export function tracked<T>(stream: Observable<T>): Observable<T> {
  return new Observable((subscriber) => {
    ours.add(subscriber);
    stream.subscribe(subscriber);
  });
}

function trackedBound<B extends Bound>(bound: B): B {
  const way =
    (make: Bound['open']): Bound['open'] =>
    (source) =>
      tracked(make(source));
  const { open, shut, failing } = bound as B & Partial<Failing>;
  return { ...bound, open: way(open), shut: way(shut), ...(failing && { failing: way(failing) }) };
}

class Listener implements Watched {
  readonly seen: unknown[] = [];
  readonly unhandled: unknown[] = [];
  ended = false;

  listen(source: Observable<unknown>, each?: (value: unknown) => void): Subscription {
    const end = (what: string): void => {
      this.ended = true;
      this.seen.push(what);
    };
    return source.subscribe({
      next: (value) => {
        this.seen.push(value);
        each?.(value);
      },
      error: (error) => end(`error ${error}`),
      complete: () => end('complete'),
    });
  }
}

/** RxJS tells of what is said to one that has stopped, and of what nobody caught. */
async function listening(
  unruly: true | undefined,
  run: (listener: Listener) => Promise<void>,
): Promise<Watched> {
  const listener = new Listener();
  const { onStoppedNotification, onUnhandledError } = config;
  const tooLate: unknown[] = [];
  config.onStoppedNotification = (notification, subscriber) => {
    // Operators of RxJS do it themselves: concat completes twice.
    if (ours.has(subscriber)) tooLate.push(notification);
  };
  config.onUnhandledError = (error) => listener.unhandled.push(error);
  try {
    await run(listener);
    // RxJS tells from a timer.
    await new Promise((resolve) => setTimeout(resolve, 1));
  } finally {
    Object.assign(config, { onStoppedNotification, onUnhandledError });
  }
  if (!unruly) expect(tooLate).toEqual([]);
  return listener;
}
