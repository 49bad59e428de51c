import { expect, test } from 'vitest';
import { explore } from './explore.js';
import type { Scenario } from './scenario.js';
import { type Plant, readSources, type Sources } from './sources.js';

/** What a test says of its scenario; the sources come from here. */
export type Asked<S> = Omit<Scenario<S>, 'sources'>;

let sources: Promise<Sources> | undefined;

/** A test that nothing goes wrong in any state of a scenario. */
export function explores<S>(title: string, scenario: Asked<S>): void {
  test(title, async () => {
    sources ??= readSources();
    const { states, violation } = explore({ ...scenario, sources: await sources });
    if (process.env.SHOW_STATES !== undefined) console.log(`${states} states: ${title}`);
    expect(violation).toBeNull();
    expect(states).toBeGreaterThan(scenario.threads.length * 10);
  });
}

/** A test that a scenario in which nothing goes wrong does go wrong with a bug in a copy of the source. */
export function finds<S>(bug: string, plant: Plant, scenario: Asked<S>, fault: RegExp): void {
  test(`a planted bug is found: ${bug}`, async () => {
    sources ??= readSources();
    expect(explore({ ...scenario, sources: await sources }).violation).toBeNull();
    const { states, violation } = explore({ ...scenario, sources: await readSources(plant) });
    if (process.env.SHOW_STATES !== undefined) console.log(`${states} states: ${bug}\n${violation}`);
    expect(violation).toMatch(fault);
    // A schedule: one line a step, with the thread and the word.
    expect(violation).toMatch(/\n {2}T\d \w+\.\w+/);
  });
}
