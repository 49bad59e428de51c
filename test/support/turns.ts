/** Lets the event loop turn, and microtasks run, that often. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Turns until it holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turns(1);
}
