/** Lets the event loop turn, and microtasks run, that often. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Turns until it holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turns(1);
}

/** Turns until it holds; fails, so that fast-check can go on and shrink, when that takes too long. */
export async function untilWithin(ms: number, holds: () => boolean): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`still not so after ${ms} ms: ${holds}`);
    await turns(1);
  }
}
