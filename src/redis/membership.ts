import { randomBytes } from 'node:crypto';
import type { EngineOperation } from './engine.js';
import { Validity } from './validity.js';

/** One membership of a session; another after a loss. */
export class Membership {
  readonly id: string = randomBytes(8).toString('hex');
  readonly validity: Validity = new Validity();
  /** Of the engine's incarnations that it was announced to. */
  readonly #epochs = new Map<string, number>();
  #strays = 0;

  /** Of that incarnation; -1: it was not announced to it. */
  epochOf(run: string): number {
    return this.#epochs.get(run) ?? -1;
  }

  announced(run: string, epoch: number): void {
    this.#epochs.set(run, epoch);
  }

  /**
   * Called with each renewal. true: the engine keeps more for it than anybody here knows of, and did so the last time, when
   * some of it may have been on its way.
   *
   * @param entries - that the engine has
   * @param known - that are known here
   */
  hasStrays(entries: number, known: number): boolean {
    this.#strays = entries > known ? this.#strays + 1 : 0;
    return this.#strays > 1;
  }
}

/** What is known of a session here. */
interface StrayHost {
  call(operation: EngineOperation, ...args: readonly string[]): Promise<readonly string[]>;
  readonly has: { has(number: string): boolean };
  readonly watched: ReadonlySet<string>;
}

/** Gives back what the engine keeps for this session and nobody here knows, because the answer got lost. */
export async function giveStraysBack(of: StrayHost): Promise<void> {
  const owned = await of.call('owned');
  for (let at = 0; at < owned.length; at += 2) {
    const entry = owned[at] ?? '';
    const [key, number] = [entry.slice(0, entry.lastIndexOf(' ')), entry.slice(entry.lastIndexOf(' ') + 1)];
    if (number === '*') {
      // It was left while the engine was out of reach.
      if (!of.watched.has(key)) await of.call('unwatch', '', key);
    } else if (!of.has.has(number)) await of.call('leave', number, key, '1');
  }
}
