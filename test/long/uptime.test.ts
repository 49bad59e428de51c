import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runLong } from '../support/long/run-program.js';
import { tried } from '../support/long/tried.js';

const DAY = 24 * 60 * 60 * 1000;
const preload = fileURLToPath(new URL('../support/uptime.cjs', import.meta.url));
/** ms for which deaths and timeouts are tried. */
const DURATION = 40_000;

interface Uptime {
  readonly from: number;
  readonly to: number;
  readonly deaths: number;
  readonly timeouts: number;
}

it.concurrent.for([
  ['59 days', 59 * DAY, 59 * DAY],
  ['2^31 ms, passed meanwhile', 2 ** 31 - DURATION / 2, 2 ** 31],
  ['2^32 ms, passed meanwhile', 2 ** 32 - DURATION / 2, 2 ** 32],
  ['three times 2^31 ms, passed meanwhile', 3 * 2 ** 31 - DURATION / 2, 3 * 2 ** 31],
] as const)('deaths are noticed and waits end in time after %s', async ([, start, passes], context) => {
  const env = { UPTIME: String(start), DURATION: String(DURATION), NODE_OPTIONS: `--require=${preload}` };
  const { from, to, deaths, timeouts } = await runLong<Uptime>('uptime.js', { env });
  expect(from).toBeGreaterThanOrEqual(start);
  expect(to).toBeGreaterThan(passes);
  tried(context, 'deaths', deaths);
  tried(context, 'timeouts', timeouts);
});
