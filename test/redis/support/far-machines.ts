import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Observable, TimeoutError } from 'rxjs';
import { BrokenBarrierError, OwnerDiedError, ThreadError, Wait } from 'rxjs-threading';
import { LockLostError, type Machines, type MachinesOptions } from 'rxjs-threading/redis';
import { endWithTest } from '../../support/children.js';

/** What a process of a Machines of its own is asked for: a member of it, or of one of its things. */
interface Asked {
  readonly on: object | undefined;
  readonly what: string;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string } | Thrown;
  readonly complete?: true;
  readonly session?: string;
  readonly act?: number;
  readonly acting?: number;
}

interface Thrown {
  readonly thrown: unknown;
}

const ERRORS: Record<string, new (message: string) => Error> = {
  BrokenBarrierError,
  LockLostError,
  OwnerDiedError,
  RangeError,
  TypeError,
};
const THINGS = ['lock', 'rlock', 'semaphore', 'event', 'barrier', 'condition'];
/** What begins at once; all other methods wait. */
const AT_ONCE = ['release', 'set', 'clear', 'abort', 'reset', 'notify', 'notifyAll', 'close'];
const STANDS_FOR = Symbol('stands for');

/** The process: test/fixtures/redis/far.js. */
class Far {
  readonly child: ChildProcess;
  readonly #listeners = new Map<number, (answer: Answer) => void>();
  readonly #actions: (() => unknown)[] = [];
  #id = 0;
  session = '';

  constructor(options: MachinesOptions) {
    const far = fileURLToPath(new URL('../../fixtures/redis/far.js', import.meta.url));
    this.child = endWithTest(fork(far, [JSON.stringify(options)], { serialization: 'advanced' }));
    this.child.once('exit', () => {
      const error = { name: 'Error', message: 'the process has ended' };
      for (const told of this.#listeners.values()) told({ error });
    });
    this.child.on('message', (answer: Answer) => {
      this.session = answer.session ?? this.session;
      if (answer.act !== undefined) void this.#act(answer.act, answer.acting);
      else if (answer.id !== undefined) this.#listeners.get(answer.id)?.(answer);
    });
  }

  async #act(action: number, acted: number | undefined): Promise<void> {
    try {
      await this.#actions[action]?.();
      this.#send({ acted });
    } catch (error) {
      this.#send({ acted, error: (error as Error).message });
    }
  }

  #send(message: object): void {
    if (this.child.connected) this.child.send(message);
  }

  ask(asked: Asked): Observable<unknown> {
    return new Observable((subscriber) => {
      const id = ++this.#id;
      const args = asked.args.map((one) => this.#packed(one, id));
      this.#listeners.set(id, ({ value, error, complete }) => {
        if (error !== undefined) subscriber.error(errorOf(error));
        else if (complete === true) subscriber.complete();
        else subscriber.next(this.#held(value));
      });
      this.#send({ ...asked, id, args });
      return () => {
        this.#listeners.delete(id);
        this.#send({ id, leave: true });
      };
    });
  }

  #packed(value: unknown, id: number): unknown {
    if (typeof value === 'function') return { acts: this.#actions.push(value as () => unknown) - 1 };
    if (typeof value !== 'object' || value === null) return value;
    if (STANDS_FOR in value) return value[STANDS_FOR];
    if (value instanceof AbortSignal) {
      value.addEventListener('abort', () => this.#send({ id, abort: { reason: value.reason } }));
      return { aborts: true };
    }
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.#packed(one, id)]));
  }

  /** A RemoteHeld over there, as far as a battery looks at it. */
  #held(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || !('held' in value)) return value;
    const on = { held: value.held };
    return { ...value, [STANDS_FOR]: on, release: () => this.atOnce({ on, what: 'release', args: [] }) };
  }

  atOnce(asked: Asked): Promise<unknown> {
    const answer = new Promise((resolve, reject) => {
      let last: unknown;
      this.ask(asked).subscribe({
        next: (value) => {
          last = value;
        },
        error: reject,
        complete: () => resolve(last),
      });
    });
    answer.catch(() => {});
    return answer;
  }

  wait(asked: Asked): Wait<unknown> {
    return new Wait((settle) => {
      const waiting = this.ask(asked).subscribe({
        next: (value) => settle.resolve(value),
        error: (error) => settle.reject(error),
      });
      return () => waiting.unsubscribe();
    });
  }

  /** @param known - what needs not be asked for */
  member(on: object | undefined, known: Record<string | symbol, unknown>): object {
    const get = (_: object, what: string | symbol): unknown => {
      if (typeof what === 'symbol' || what in known) return known[what];
      if (what === 'session') return this.session;
      // Of a Machines one stream takes options, and a promise has a `then`.
      if (what === 'then') return undefined;
      if (what === 'snapshot$') return (...args: unknown[]) => this.ask({ on, what, args });
      if (what.endsWith('$')) return this.ask({ on, what, args: [] });
      if (THINGS.includes(what) && on === undefined) return (...args: unknown[]) => this.#thing(what, args);
      if (what === 'close') return () => this.#close();
      if (AT_ONCE.includes(what)) return (...args: unknown[]) => this.atOnce({ on, what, args });
      return (...args: unknown[]) => this.wait({ on, what, args });
    };
    return new Proxy({}, { get, has: (_, what) => what in known });
  }

  #thing(kind: string, args: readonly unknown[]): object {
    const on = { kind, args: args.map((one) => this.#packed(one, 0)) };
    const [name, number] = args;
    const known = { name, shared: kind === 'semaphore', parties: number, [STANDS_FOR]: on };
    return this.member(
      on,
      kind === 'semaphore' ? { ...known, value$: this.ask({ on, what: 'value$', args: [] }) } : known,
    );
  }

  async #close(): Promise<void> {
    if (!this.child.connected) return;
    const exit = once(this.child, 'exit');
    await this.atOnce({ on: undefined, what: 'close', args: [] });
    this.child.disconnect();
    await exit;
  }
}

function errorOf(error: NonNullable<Answer['error']>): unknown {
  if ('thrown' in error) return error.thrown;
  const { name, message, code } = error;
  if (name === 'TimeoutError') return new TimeoutError();
  const made = new (ERRORS[name] ?? ThreadError)(message);
  return code === undefined ? made : Object.assign(made, { code });
}

/**
 * A Machines in a process of its own, as a battery sees it: what it is asked for is done over there. What a Machines checks at the
 * call is told by the answer here, and blocking is not for it.
 */
export function farMachines(options: MachinesOptions): Machines {
  return new Far(options).member(undefined, {}) as Machines;
}
