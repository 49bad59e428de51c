import { setTimeout as sleep } from 'node:timers/promises';

/** Lets the event loop turn, and microtasks run, that often. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** How many turns one looks at in a row; from then on each ms, as other threads need the processor, too. */
const IN_A_ROW = 200;

/** Turns until it holds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) await (turn < IN_A_ROW ? turns(1) : sleep(1));
}

/** Turns until it holds; fails, so that fast-check can go on and shrink, when that takes too long. */
export async function untilWithin(ms: number, holds: () => boolean): Promise<void> {
  const end = performance.now() + ms;
  await until(() => holds() || performance.now() > end);
  if (!holds()) throw new Error(`still not so after ${ms} ms: ${holds}`);
}
