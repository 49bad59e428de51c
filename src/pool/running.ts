import { ThreadError } from '../errors.js';
import { type Runnable, unpackTarget } from '../primitives/target.js';
import { markRunning, markStopped, nameOf, setIdent } from '../primitives/thread-table.js';
import { settleDown, watchAftermath } from './aftermath.js';
import { isCancelled, onCancel, reasonFor } from './cancellation.js';
import { packError } from './error-wire.js';
import type { FromThread, StartMessage } from './messages.js';
import { Output } from './output.js';
import { type Pump, pumpOf } from './pump.js';
import { traceEnd, traceStart } from './target-trace.js';
import { decode, encode, explainUncloneable, prepareDecode } from './wire.js';

/** A thread that runs in this worker: from its start message to its end message. */
export class Running {
  readonly ident: number;
  readonly #start: StartMessage;
  readonly #post: (message: FromThread) => void;
  #output: Output | undefined;

  constructor(start: StartMessage, post: (message: FromThread) => void) {
    this.ident = start.ident;
    this.#start = start;
    this.#post = post;
  }

  /** Nothing is awaited that need not be: most targets are plain functions. */
  begin(): void {
    setIdent(this.ident);
    markRunning(this.ident);
    try {
      if (isCancelled(this.ident)) throw reasonFor(this.ident);
      const { target, args } = this.#start;
      if (target === null) this.#returned(undefined);
      else if ('source' in target && !args.marked) this.#call(unpackTarget(target) as Runnable);
      else
        void this.#prepare()
          .then((run) => this.#call(run))
          .catch((error) => this.#threw(error));
    } catch (error) {
      this.#threw(error);
    }
  }

  credit(values: number): void {
    this.#output?.add(values);
  }

  async #prepare(): Promise<Runnable> {
    const { target, args } = this.#start;
    await prepareDecode(args);
    if (target === null) return () => undefined;
    try {
      if (!('className' in target)) return await unpackTarget(target);
      const { makeRun } = await import('./subclass.js');
      return await makeRun(target, this.ident);
    } catch (cause) {
      if (!(cause instanceof ThreadError)) throw cause;
      const { message, code } = cause;
      throw new ThreadError(`thread '${nameOf(this.ident)}' could not begin: ${message}`, { code, cause });
    }
  }

  #call(run: Runnable): void {
    traceStart(this.#start.target);
    let result: unknown;
    try {
      result = run(...(decode(this.#start.args) as unknown[]));
    } catch (error) {
      return this.#threw(error);
    }
    if (isThenable(result))
      void result.then(
        (value) => this.#resulted(value),
        (error) => this.#threw(error),
      );
    else this.#resulted(result);
  }

  #resulted(result: unknown): void {
    const pump = pumpOf(result);
    if (pump === undefined) this.#returned(result);
    else
      void this.#stream(pump).then(
        () => this.#completed(),
        (error) => this.#threw(error),
      );
  }

  async #stream(pump: Pump): Promise<void> {
    let failed: (error: unknown) => void = () => {};
    const broken = new Promise<never>((_, reject) => (failed = reject));
    this.#output = new Output(this.#start.credit, (values) => {
      try {
        this.#send({ kind: 'values', ident: this.ident, values: encode(values) }, values, 'output');
      } catch (error) {
        failed(error);
      }
    });
    const { ended, stop } = pump(this.#output);
    const forget = onCancel(this.ident, () => failed(reasonFor(this.ident)));
    try {
      await Promise.race([ended, broken]);
      await Promise.race([this.#output.untilSent(), broken]);
    } catch (error) {
      stop();
      // What came before the error comes before it on the other side as well.
      this.#output.flush();
      throw error;
    } finally {
      forget();
    }
  }

  #returned(value: unknown): void {
    const aftermath = settleDown();
    try {
      this.#send(
        { kind: 'returned', ident: this.ident, value: encode(value), ...aftermath },
        value,
        'result',
      );
    } catch (error) {
      return this.#threw(error);
    }
    traceEnd('return', this.#start.target, value);
    this.#ended(aftermath);
  }

  #completed(): void {
    const aftermath = settleDown();
    this.#post({ kind: 'completed', ident: this.ident, ...aftermath });
    traceEnd('return', this.#start.target, undefined);
    this.#ended(aftermath);
  }

  #threw(thrown: unknown): void {
    const error = explainClosure(thrown, this.#start);
    const aftermath = settleDown();
    const cancelled = isCancelled(this.ident) && thrown === reasonFor(this.ident);
    traceEnd('exception', this.#start.target, error);
    this.#post({ kind: 'threw', ident: this.ident, error: packError(error), cancelled, ...aftermath });
    this.#ended(aftermath);
  }

  /** The result is on its way before the thread counts as stopped: who has joined it finds it. */
  #ended(aftermath: ReturnType<typeof settleDown>): void {
    markStopped(this.ident);
    watchAftermath(aftermath, this.#post);
  }

  #send(message: FromThread, value: unknown, path: string): void {
    try {
      this.#post(message);
    } catch (cause) {
      const found =
        explainUncloneable(value, path) ?? (cause instanceof Error ? cause.message : String(cause));
      const name = nameOf(this.ident);
      throw new ThreadError(`${path} of thread '${name}' cannot be cloned: ${found}`, {
        code: 'ERR_CLONE',
        cause,
      });
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  );
}

/** A name that is not defined in a function that came by its source was one of its closure, or so it seems. */
function explainClosure(error: unknown, start: StartMessage): unknown {
  if (!(error instanceof ReferenceError) || start.target === null || !('source' in start.target))
    return error;
  const name = /^(.+) is not defined$/.exec(error.message)?.[1];
  if (name === undefined) return error;
  const message =
    `'${name}' is not defined in the thread: a function travels by its source, without the variables around it. ` +
    `Pass '${name}' in args, or import it inside the function, or make the target an export of a module`;
  return new ThreadError(message, { code: 'ERR_CLOSURE', cause: error });
}
