import { CallerContext } from '../primitives/waiting/caller-context.js';
import { keepAlive } from '../primitives/waiting/event-loop.js';
import type { Settle } from '../primitives/waiting/wait.js';
import type { Engine, EngineOperation } from './engine.js';
import { closed, EngineError } from './errors.js';
import { backoff, pause } from './pause.js';

/** One that is to be answered. */
interface Call {
  readonly operation: EngineOperation;
  readonly args: readonly string[];
  /** Whose it is: it fails when that membership ends. undefined: nobody's. */
  readonly session: string | undefined;
  /** false: who asked repeats it itself, if it still wants an answer. */
  readonly repeated: boolean;
  readonly resolve: (reply: readonly string[]) => void;
  readonly reject: (error: unknown) => void;
  sent: boolean;
}

/** What Calls tells the session. */
export interface CallsEvents {
  /** This incarnation answers; the keeper must announce the session to it before anything is sent. */
  reached(run: string): void;
  /** Calls go out again after they could not. */
  opened(): void;
  /** The first attempt to reach it has failed; others follow. */
  unreachable(error: unknown): void;
  /** The engine cannot be used at all. */
  refused(error: unknown): void;
}

/**
 * The calls of one process to the engine, in order, each until it is answered. They keep the process alive until then.
 *
 * SHUT -the engine is reached, and the keeper has announced the session to that incarnation-> OPEN -no answer, or another
 * session-> SHUT. Invariant: while SHUT nothing is sent, because an engine that has lost its memory would give to others
 * what this process holds; while calls wait and it is SHUT, `#reopen` runs.
 */
export class Calls {
  readonly #engine: Engine;
  readonly #patience: number;
  readonly #events: CallsEvents;
  readonly #unanswered = new Set<Call>();
  readonly #gated: boolean;
  #open: boolean;
  #reopening = false;
  #closed = false;
  /** What the keeper has announced the session to. */
  #announced: string | undefined;
  #heard: (() => void) | undefined;

  /**
   * @param patience - ms for the keeper to announce the session
   * @param gated - false: never SHUT, because the engine sees to all that itself
   */
  constructor(engine: Engine, patience: number, events: CallsEvents, gated: boolean = true) {
    this.#gated = gated;
    this.#open = !gated;
    this.#engine = engine;
    this.#patience = patience;
    this.#events = events;
  }

  /** Whether calls go out at once. */
  get open(): boolean {
    return this.#open;
  }

  send(
    operation: EngineOperation,
    args: readonly string[],
    session: string | undefined,
    repeated: boolean,
  ): Promise<readonly string[]> {
    return new Promise((resolve, reject) =>
      this.#add({ operation, args, session, repeated, resolve, reject, sent: false }),
    );
  }

  /** Of no session: it outlives a membership. Returns how to drop it. */
  ask<T>(
    read: (reply: readonly string[]) => T,
    operation: EngineOperation,
    args: readonly string[],
    settle: Settle<T>,
  ): () => void {
    const context = new CallerContext();
    const reject = (error: unknown): void => context.tell(() => settle.reject(error));
    const resolve = (reply: readonly string[]): void => {
      let value: T;
      try {
        value = read(reply);
      } catch (error) {
        reject(error);
        return;
      }
      context.tell(() => settle.resolve(value));
    };
    const call: Call = { operation, args, session: undefined, repeated: true, resolve, reject, sent: false };
    this.#add(call);
    return () => this.#settle(call, () => {});
  }

  #add(call: Call): void {
    if (this.#closed) {
      call.reject(closed());
      return;
    }
    if (!this.#open && !call.repeated) {
      call.reject(new EngineError('the engine is out of reach', { outOfReach: true }));
      this.reach();
      return;
    }
    if (this.#unanswered.size === 0) keepAlive(1);
    this.#unanswered.add(call);
    if (this.#open) this.#send(call);
    else void this.#reopen();
  }

  /** Makes sure that there is a connection, or that one is being made. */
  reach(): void {
    if (!this.#open) void this.#reopen();
  }

  /** Called when the keeper has announced the session to that incarnation. */
  announced(run: string): void {
    this.#announced = run;
    this.#heard?.();
  }

  /** Called when a session has ended: its calls fail, and nothing goes out before another is announced. */
  over(session: string, error: unknown): void {
    this.#open = !this.#gated;
    this.#announced = undefined;
    for (const call of this.#unanswered)
      if (call.session === session) this.#settle(call, () => call.reject(error));
    void this.#reopen();
  }

  close(): void {
    this.#closed = true;
    this.#open = false;
    this.#heard?.();
    this.fail(closed());
  }

  /** All that wait for an answer fail. */
  fail(error: unknown): void {
    for (const call of this.#unanswered) this.#settle(call, () => call.reject(error));
  }

  #settle(call: Call, how: () => void): void {
    if (!this.#unanswered.delete(call)) return;
    if (this.#unanswered.size === 0) keepAlive(-1);
    how();
  }

  #send(call: Call): void {
    call.sent = true;
    this.#engine.call(call.operation, ...call.args).then(
      (reply) => this.#settle(call, () => call.resolve(reply)),
      (error) => {
        if (!(error instanceof EngineError && error.outOfReach)) {
          this.#settle(call, () => call.reject(error));
          return;
        }
        call.sent = false;
        this.#open = !this.#gated;
        if (!call.repeated) this.#settle(call, () => call.reject(error));
        void this.#reopen();
      },
    );
  }

  async #reopen(): Promise<void> {
    if (this.#reopening || this.#closed || !this.#gated) return;
    this.#reopening = true;
    let anew = false;
    for (let attempt = 0; !this.#open && !this.#closed; attempt++) {
      try {
        const run = await this.#engine.incarnation(anew);
        if (this.#closed) break;
        this.#events.reached(run);
        if (await this.#isAnnounced(run)) this.#opened();
        else anew = this.#announced !== undefined;
      } catch (error) {
        if (!(error instanceof EngineError && error.outOfReach)) {
          this.fail(error);
          this.#events.refused(error);
          break;
        }
        if (attempt === 0) this.#events.unreachable(error);
        await pause(backoff(attempt));
      }
    }
    this.#reopening = false;
  }

  /** false: the keeper does not answer, or is connected to another incarnation by now. */
  async #isAnnounced(run: string): Promise<boolean> {
    let late = false;
    const tooLate = pause(this.#patience).then(() => {
      late = true;
    });
    while (this.#announced !== run && !this.#closed && !late) {
      const heard = new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
      await Promise.race([heard, tooLate]);
    }
    this.#heard = undefined;
    return this.#announced === run && !this.#closed;
  }

  #opened(): void {
    this.#open = true;
    // In the order they were asked for: a release goes before whatever was asked after it.
    for (const call of this.#unanswered) if (!call.sent) this.#send(call);
    if (this.#open) this.#events.opened();
  }
}
