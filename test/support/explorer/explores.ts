import { expect, test } from 'vitest';
import { tried } from '../long/tried.js';
import { type Explored, explore } from './explore.js';
import { tryAtRandom } from './random.js';
import type { Scenario } from './scenario.js';
import { type Plant, readSources, type Sources } from './sources.js';

/** What a test says of its scenario; the sources come from here. */
export interface Asked<S> extends Omit<Scenario<S>, 'sources'> {
  /** Constants that are others than in the sources. */
  readonly plants?: readonly Plant[];
}

function sourcesOf({ plants = [] }: { plants?: readonly Plant[] }, ...more: Plant[]): Promise<Sources> {
  return readSources(...plants, ...more);
}

/** What exploring a scenario came to, so that one which several tests have is explored once. */
const before = new WeakMap<object, Explored>();

/** What exploring it comes to. */
export async function explored<S>(scenario: Asked<S>): Promise<Explored> {
  const known = before.get(scenario) ?? explore({ ...scenario, sources: await sourcesOf(scenario) });
  before.set(scenario, known);
  return known;
}

/** A test that nothing goes wrong in any state of a scenario. */
export function explores<S>(title: string, scenario: Asked<S>): void {
  test(title, async (context) => {
    const { states, violation } = await explored(scenario);
    tried(context, 'states', states);
    if (process.env.SHOW_STATES !== undefined)
      console.log(`${states} states: ${title}${violation === null ? '' : `\n${violation}`}`);
    expect(violation).toBeNull();
    expect(states).toBeGreaterThan(scenario.threads.length * 10);
  });
}

/**
 * A test that nothing goes wrong in so many schedules at random, with two and with three changes of priority. The seed
 * that a failure prints, as SEED in the environment, runs that schedule alone.
 */
export function tries<S>(title: string, scenario: Asked<S>, schedules: number): void {
  test(`${schedules} schedules at random: ${title}`, async (context) => {
    const sources = await sourcesOf(scenario);
    const { SEED } = process.env;
    const seeds = SEED === undefined ? ['3:1', '4:1000000'] : [SEED];
    for (const seed of seeds) {
      const count = SEED === undefined ? Math.ceil(schedules / seeds.length) : 1;
      const { violation, schedules: run } = tryAtRandom({ ...scenario, sources }, seed, count);
      tried(context, 'schedules', run);
      expect(violation).toBeNull();
    }
  });
}

/** A test that a scenario in which nothing goes wrong does go wrong with a bug in a copy of the source. */
export function finds<S>(bug: string, plant: Plant, scenario: Asked<S>, fault: RegExp): void {
  test(`a planted bug is found: ${bug}`, async () => {
    expect((await explored(scenario)).violation).toBeNull();
    const { states, violation } = explore({ ...scenario, sources: await sourcesOf(scenario, plant) });
    if (process.env.SHOW_STATES !== undefined) console.log(`${states} states: ${bug}\n${violation}`);
    expect(violation).toMatch(fault);
    // A schedule: one line a step, with the thread and the word.
    expect(violation).toMatch(/\n {2}T\d \w+\.\w+/);
  });
}
