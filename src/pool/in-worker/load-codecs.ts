import type { Encoded } from '../wire/codec.js';

/** Loads the codecs, and so the classes, of whatever may stand in an encoded value, if this worker has not yet. */
export async function prepareDecode(encoded: Encoded): Promise<void> {
  if (encoded.hasStandIns) await import('../thread/timer.js');
}
