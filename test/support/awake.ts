import { Worker } from 'node:worker_threads';

/** ms of one sleep of the thread that counts. */
const TICK = 5;
const ticks = new Int32Array(new SharedArrayBuffer(8));
const count = `const { workerData: ticks } = require('node:worker_threads');
for (;;) { Atomics.wait(ticks, 1, 0, ${TICK}); Atomics.add(ticks, 0, 1); }`;

/** Begins to count; resolves once it does. */
export async function countAwake(): Promise<void> {
  new Worker(count, { eval: true, workerData: ticks }).unref();
  while (Atomics.load(ticks, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** ms, on a clock that stands still while this process does, and is late where its threads get no processor. */
export function awake(): number {
  return Atomics.load(ticks, 0) * TICK;
}
