import { after, now } from '../../primitives/waiting/event-loop.js';
import type { PoolSessions } from './pool-sessions.js';

/** Ends workers that have been idle for long, as far as there are more than are kept. */
export class IdleSweep {
  readonly #sessions: PoolSessions;
  readonly #kept: number;
  readonly #idleMs: number;
  #due = false;

  /** @param idleMs - Infinity: workers are kept for ever */
  constructor(sessions: PoolSessions, kept: number, idleMs: number) {
    this.#sessions = sessions;
    this.#kept = kept;
    this.#idleMs = idleMs;
  }

  /** Called when a session has become idle. */
  begin(ms: number = this.#idleMs): void {
    if (this.#due || this.#idleMs === Number.POSITIVE_INFINITY) return;
    this.#due = true;
    after(ms, () => {
      this.#due = false;
      this.#sweep();
    });
  }

  #sweep(): void {
    // Those that are about to end count no more: a `teardown` may take seconds.
    let surplus = [...this.#sessions].filter(({ dead }) => !dead).length - this.#kept;
    for (const session of [...this.#sessions.loads.idle].sort((a, b) => a.idleSince - b.idleSince)) {
      if (surplus <= 0) return;
      const left = session.idleSince + this.#idleMs - now();
      if (left > 0) {
        this.begin(left);
        return;
      }
      surplus--;
      session.retired = true;
      void session.end();
      this.#sessions.count(session);
    }
  }
}
