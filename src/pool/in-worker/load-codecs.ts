import type { Wired } from '../wire/codec.js';

/** Loads the classes that a value needs to become itself again, where this worker has not. */
export async function prepareDecode(wired: Wired): Promise<void> {
  if (wired.marked) await import('../thread/timer.js');
}
