import { seeable } from './memory.js';
import type { Port, SimulatedProcess } from './port.js';

/** The kernel's id of a thread. */
const NATIVE = 100;

const nothing = seeable(
  () => {},
  'nothing',
  () => [],
);

/** A stream that tells nothing. */
const silent = {
  subscribe: seeable(
    () => ({ unsubscribe: nothing }),
    'silent',
    () => [],
  ),
};

/** What a scenario's thread object does, given as the target. */
export interface Side {
  readonly ident: number;
  isCancelled(): boolean;
  joinSync(options?: { readonly timeout?: number }): boolean;
  claim(): void;
  pack(): unknown;
  onEnd(run: () => void): void;
  beginLate(): void;
  skip(): void;
}

/** A Thread as its subclass sees it. */
class SimulatedThreadObject {
  readonly name = 'one';
  readonly daemon = true;
  readonly target: Side;

  constructor({ target }: { readonly target: Side }) {
    this.target = target;
  }

  get cancelled(): boolean {
    return this.target.isCancelled();
  }

  joinSync(options?: { readonly timeout?: number }): boolean {
    return this.target.joinSync(options);
  }
}

/** In place of `node:worker_threads`, `process`, kernel.ts and text.ts, for the worker of one thread. */
export function processModules(
  port: Port,
  { environment: inherited, starters, early }: SimulatedProcess,
): Record<string, object> {
  const starts: ((worker: object) => void)[] = [];
  const environment = early.includes(port.thread) ? new Map<unknown, unknown>() : inherited;
  return {
    'node:worker_threads': {
      isMainThread: (starters[port.thread] ?? -1) === -1,
      threadId: port.thread,
      getEnvironmentData: (key: unknown) => environment.get(key),
      setEnvironmentData: (key: unknown, value: unknown) => void environment.set(key, value),
    },
    kernel: {
      kernelTells: () => true,
      nativeId: () => NATIVE + port.thread,
      kernelHas: (id: number) => port.perform({ does: 'lives', thread: id - NATIVE }) === 1,
    },
    // What a Timer stands on.
    thread: { Thread: SimulatedThreadObject, startingOf: ({ target }: SimulatedThreadObject) => target },
    codec: { registerCodec: () => {} },
    'kept-args': { dropArgs: () => {} },
    'remote-answer': { answerQuestions: () => {} },
    'state-stream': { valueStream: () => silent },
    // Names are for people.
    text: { readText: () => '', writeText: () => {} },
    process: {
      pid: NATIVE,
      hrtime: () => {
        const time = port.perform({ does: 'time' });
        return [Math.floor(time / 1000), (time % 1000) * 1e6];
      },
      on: (event: string, run: (worker: object) => void) => {
        if (event === 'worker') starts.push(run);
      },
      once: () => {},
      /** A worker is started from here; its end comes to this thread's loop, while that runs. */
      starts: (thread: number) => {
        const whenEnded = (_: string, run: () => void): void => port.loop.whenEnded(thread, run);
        const once = seeable(whenEnded, 'once', () => [thread]);
        for (const run of starts) run({ threadId: thread, once });
      },
    },
  };
}
