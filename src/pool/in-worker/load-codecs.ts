import type { Encoded } from '../wire/codec.js';

/** Loads the classes that a value needs to become itself again, where this worker has not. */
export async function prepareDecode(encoded: Encoded): Promise<void> {
  if (encoded.hasStandIns) await import('../thread/timer.js');
}
