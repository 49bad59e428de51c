import { cannotStart } from '../thread/start.js';
import { transferItems } from '../thread/thread-options.js';
import { decode, encode } from '../wire/codec.js';
import { movesOf } from '../wire/transfer.js';

/** What a job is to be called with, as it is now. */
export interface Snapshot {
  readonly args: readonly unknown[];
  readonly transferList: readonly unknown[];
}

/**
 * Arguments cloned, and those of the transferList moved, as for a thread that starts now.
 *
 * @throws TypeError naming the argument that cannot be cloned
 */
export function snapshot(name: string, of: Snapshot): Snapshot {
  try {
    const moved = [...transferItems(of), ...movesOf(of.args)];
    const asked = { encoded: encode(of.args, moved), transferList: moved };
    const { encoded, transferList } = structuredClone(asked, { transfer: moved as ArrayBuffer[] });
    return { args: decode(encoded) as readonly unknown[], transferList };
  } catch (cause) {
    throw cannotStart(name, of.args, cause);
  }
}
