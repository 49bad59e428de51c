import { expect, it } from 'vitest';
import { runLong } from '../support/long/run-program.js';
import { tried } from '../support/long/tried.js';

interface Measured {
  readonly heap: number;
  readonly rss: number;
  readonly external: number;
  readonly mappings: number;
  readonly handles: number;
  readonly threads: number;
  readonly waits: number;
}

/** What an engine puts by for itself, in bytes: one object left behind by each of 100,000 would be ten times that. */
const HEAP = 2_000_000;
const RSS = 48_000_000;
/** Of the engine's heap, which comes and goes. */
const MAPPINGS = 200;

function expectGivenBack(before: Measured, after: Measured): void {
  const { handles, threads, waits } = before;
  expect(after).toMatchObject({ handles, threads, waits });
  const grown = (what: keyof Measured) => after[what] - before[what];
  expect({
    heap: Math.max(0, grown('heap') - HEAP),
    external: Math.max(0, grown('external') - HEAP),
    rss: Math.max(0, grown('rss') - RSS),
    mappings: Math.max(0, grown('mappings') - MAPPINGS),
  }).toEqual({ heap: 0, external: 0, rss: 0, mappings: 0 });
}

it('100,000 primitives, used and dropped, leave nothing behind', async (context) => {
  const { before, after } = await runLong<{ before: Measured; after: Measured }>('primitives.js');
  expectGivenBack(before, after);
  tried(context, 'primitives', 120_000);
});

it('10,000 threads leave nothing behind, however they ended', async (context) => {
  const { before, after, ends } = await runLong<{
    before: Measured;
    after: Measured;
    ends: Record<string, number>;
  }>('threads.js');
  expectGivenBack(before, after);
  for (const [how, times] of Object.entries(ends)) tried(context, `that ${how}`, times);
});

it('a million waits that are left leave nothing behind', async (context) => {
  const { before, after } = await runLong<{ before: Measured; after: Measured }>('left-waits.js');
  expectGivenBack(before, after);
  tried(context, 'waits unsubscribed', 1_050_000);
  tried(context, 'waits aborted or timed out', 24_000);
});
