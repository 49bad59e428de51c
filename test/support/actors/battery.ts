import { afterAll, describe, it } from 'vitest';
import { MIXES, type Mix, ownThreads } from './mixes.js';
import { play } from './play.js';
import { endWorkers } from './worker-pool.js';

export interface BatteryOptions {
  /** A thread of its own for each actor. */
  ownThreads?: boolean;
  mixes?: readonly Mix[];
  /** Cases that do not apply to this type. */
  without?: readonly string[];
}

interface CaseModule {
  readonly module: string;
  readonly cases: Readonly<Record<string, { readonly title: string }>>;
}

/** Every case of a module, bound to a type, played by the actors of each mix. */
export function battery(type: string, { module, cases }: CaseModule, options: BatteryOptions = {}): void {
  const { mixes = MIXES, without = [] } = options;
  describe.each(mixes.map((mix) => [mix.title, mix] as const))(`${type}, %s`, (_, mix) => {
    for (const [name, { title }] of Object.entries(cases)) {
      if (without.includes(name)) continue;
      it(`${title} (${name})`, () =>
        play({ module, name, type }, options.ownThreads ? ownThreads(mix) : mix));
    }
  });
  afterAll(endWorkers);
}
