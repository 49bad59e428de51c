import { distinctUntilChanged, map, Observable, Subscription } from 'rxjs';
import { endsApart } from './ends-apart.js';
import { EngineError, LockLostError } from './errors.js';
import type { Session } from './session.js';

/** Of the members of a namespace, as a thing. */
export const MEMBERS = 'm:';

/**
 * The state of a thing in the engine, as a stream: now, and every change, distinct. It is asked for anew after every gap.
 * Completes when the session is closed. Does not keep the process alive.
 *
 * @param read - of the engine's lines; script/names.lua says what they are
 */
export function stateStream<T>(
  session: Session,
  key: string,
  read: (lines: readonly string[]) => T,
  same: (a: T, b: T) => boolean = Object.is,
): Observable<T> {
  const lines = new Observable<readonly string[]>((subscriber) => {
    const watch = watchOf(session, key);
    watch.add(subscriber);
    return () => watch.delete(subscriber);
  });
  return endsApart(lines).pipe(map(read), distinctUntilChanged(same));
}

const watches = new WeakMap<Session, Map<string, Watch>>();

function watchOf(session: Session, key: string): Watch {
  let ofSession = watches.get(session);
  if (ofSession === undefined) {
    ofSession = new Map();
    watches.set(session, ofSession);
  }
  let watch = ofSession.get(key);
  if (watch === undefined) {
    watch = new Watch(session, key);
    ofSession.set(key, watch);
  }
  return watch;
}

/** Who is told of what a Watch hears. */
interface Listener {
  next(lines: readonly string[]): void;
  error(error: unknown): void;
  complete(): void;
}

/**
 * This process's one watch of a thing, whatever the number of streams of it: while anybody listens, the engine is to tell
 * of changes.
 *
 * IDLE -somebody listens-> ASKING -the answer-> HEARING -a gap-> ASKING; any -nobody listens-> IDLE.
 * Invariant: the lines are never older than those told before: an answer loses against a hint of a later moment.
 */
class Watch {
  readonly #session: Session;
  readonly #key: string;
  readonly #listeners = new Set<Listener>();
  #hints: Subscription | undefined;
  #lines: readonly string[] | undefined;
  /** µs of the engine's clock at which these were the lines. */
  #at = 0;
  #asking = false;
  #askAgain = false;

  constructor(session: Session, key: string) {
    this.#session = session;
    this.#key = key;
  }

  add(listener: Listener): void {
    this.#listeners.add(listener);
    if (this.#hints === undefined) this.#begin();
    else if (this.#lines !== undefined) listener.next(this.#lines);
  }

  delete(listener: Listener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0 || this.#hints === undefined) return;
    this.#hints.unsubscribe();
    this.#hints = undefined;
    this.#lines = undefined;
    this.#session.watched.delete(this.#key);
    if (this.#session.reachable)
      this.#session.report(this.#session.attempt('unwatch', '', this.#key).catch(outOfReach));
  }

  #begin(): void {
    this.#session.watched.add(this.#key);
    this.#hints = new Subscription();
    this.#hints.add(
      this.#session.hint$.subscribe({
        next: (hint) => this.#hear(hint),
        complete: () => {
          for (const listener of [...this.#listeners]) listener.complete();
        },
      }),
    );
    void this.#ask();
  }

  #hear(hint: string): void {
    if (hint === 'again') void this.#ask();
    else if (hint.startsWith(`w ${this.#key}\n`)) {
      const [, at, ...lines] = hint.split('\n');
      // Of the members there are no lines: they are too many.
      if (this.#key === MEMBERS) void this.#ask();
      else this.#tell(Number(at), lines);
    }
  }

  async #ask(): Promise<void> {
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    this.#asking = true;
    do {
      this.#askAgain = false;
      const hints = this.#hints;
      const asked = this.#at;
      try {
        const [at, ...lines] = await this.#session.attempt('watch', '', this.#key);
        if (at === '-1') this.#session.notKnown();
        else if (this.#hints === hints && (this.#at === asked || Number(at) > this.#at))
          this.#tell(Number(at), lines);
      } catch (error) {
        // 'again' follows, once it can be reached, or there is another session.
        if (!isPassing(error)) this.#fail(error);
      }
    } while (this.#askAgain && this.#hints !== undefined);
    this.#asking = false;
  }

  #tell(at: number, lines: readonly string[]): void {
    this.#at = at;
    this.#lines = lines;
    for (const listener of [...this.#listeners]) listener.next(lines);
  }

  #fail(error: unknown): void {
    for (const listener of [...this.#listeners]) listener.error(error);
  }
}

/** Whether that is over once the engine can be reached again, or the process has joined anew. */
export function isPassing(error: unknown): boolean {
  return error instanceof LockLostError || (error instanceof EngineError && error.outOfReach);
}

/** Nothing is watched by a session that the engine cannot be asked for: its end takes all along. */
function outOfReach(error: unknown): void {
  if (!isPassing(error)) throw error;
}
