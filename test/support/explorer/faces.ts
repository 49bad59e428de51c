import type { Barrier } from '../../../src/primitives/barrier.js';
import type { Condition } from '../../../src/primitives/condition.js';
import type { Event } from '../../../src/primitives/event.js';
import type { Lock } from '../../../src/primitives/lock.js';
import type { RLock } from '../../../src/primitives/rlock.js';
import type { Semaphore } from '../../../src/primitives/semaphore.js';
import type { Settle, Wait } from '../../../src/primitives/waiting/wait.js';
import type { Me } from './scenario.js';
import type { SimulatedWait } from './simulated-modules.js';

type Acquirable = Lock | RLock | Semaphore;
type Waitable = Event | Condition | Barrier;
interface Options {
  readonly timeout?: number;
}

/** One way to wait, so that a program can be written once for both. */
export interface Face {
  readonly name: 'blocking' | 'Observable';
  acquire(me: Me, on: Acquirable, settle: Settle<boolean>, options?: Options): void;
  wait(me: Me, on: Waitable, settle: Settle<unknown>, options?: Options): void;
}

export const blocking: Face = {
  name: 'blocking',
  acquire: (me, on, settle, options) => block(me, () => on.acquireSync(options), settle),
  wait: (me, on, settle, options) => block<unknown>(me, () => on.waitSync(options), settle),
};

function block<T>(me: Me, wait: () => T, settle: Settle<T>): void {
  let value: T;
  me.waits(1);
  try {
    value = wait();
  } catch (error) {
    me.passOnStop();
    me.waits(-1);
    settle.reject(error);
    return;
  }
  me.waits(-1);
  settle.resolve(value);
}

export const observable: Face = {
  name: 'Observable',
  acquire: (me, on, settle, options) => void subscribe(me, on.acquire(options), settle),
  wait: (me, on, settle, options) => void subscribe(me, on.wait(options) as Wait<unknown>, settle),
};

/** Starts a wait; returns how to unsubscribe. */
export function subscribe<T>(me: Me, wait: Wait<T>, settle: Settle<T>): () => void {
  let open = true;
  const end = (): void => {
    if (open) me.waits(-1);
    open = false;
  };
  me.waits(1);
  const teardown = (wait as unknown as SimulatedWait<T>).begin({
    resolve: (value) => {
      me.hears(`resolved ${value}`);
      end();
      settle.resolve(value);
    },
    reject: (error) => {
      me.hears(`rejected ${error}`);
      end();
      settle.reject(error);
    },
  });
  return () => {
    if (!open) return;
    end();
    if (typeof teardown === 'function') teardown();
    else (teardown as { unsubscribe(): void } | undefined)?.unsubscribe();
  };
}

/** Every mix of faces for so many threads, the order of which does not matter. */
export function mixes(threads: number): Face[][] {
  return Array.from({ length: threads + 1 }, (_, observables) =>
    Array.from({ length: threads }, (__, thread) => (thread < observables ? observable : blocking)),
  );
}

/** The same, where the first thread is special. */
export function pairs(): Face[][] {
  return [blocking, observable].flatMap((first) => [blocking, observable].map((second) => [first, second]));
}

/** Those of threads with these faces that are not like an earlier one, and so many others behind them: whose death is to be tried. */
export function unlike(faces: readonly Face[], others = 0): number[] {
  const all = [...faces, ...new Array<undefined>(others)];
  return [...all.keys()].filter((at) => at >= faces.length || all.indexOf(all[at]) === at);
}

export function titleOf(faces: readonly Face[]): string {
  return faces.map(({ name }) => name).join(', ');
}

/** The same program for the same arguments: threads with one program can be exchanged, see `symmetry.ts`. */
export function once<A extends readonly unknown[], P>(make: (...args: A) => P): (...args: A) => P {
  const made: { readonly args: A; readonly program: P }[] = [];
  return (...args) => {
    const before = made.find(
      (one) => one.args.length === args.length && args.every((arg, i) => arg === one.args[i]),
    );
    if (before !== undefined) return before.program;
    const program = make(...args);
    made.push({ args, program });
    return program;
  };
}
