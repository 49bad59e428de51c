import type { TimeoutError } from 'rxjs';
import { timedOut } from '../primitives/waiting/timed-out.js';

/** Why the engine is out of reach, or refuses, until it answers again. The same comes of each connection, with each attempt. */
export class Outage {
  readonly #told = new Set<string>();
  readonly #tell: (error: unknown) => void;
  #last: unknown;

  /** @param tell - called once for each message */
  constructor(tell: (error: unknown) => void) {
    this.#tell = tell;
  }

  tell(error: unknown): void {
    this.#last = error;
    const message = error instanceof Error ? error.message : String(error);
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#tell(error);
  }

  /** The engine has answered: what goes wrong from now on is told again. */
  over(): void {
    this.#told.clear();
    this.#last = undefined;
  }

  /** The TimeoutError of what has waited for the engine, with why it is out of reach as its cause. */
  timedOut(what: string, ms: number): TimeoutError {
    const error = timedOut(what, ms);
    if (this.#last !== undefined) error.cause = this.#last;
    return error;
  }
}
