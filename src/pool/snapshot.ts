import { explainUncloneable, isCloneError } from './explain-uncloneable.js';
import { transferItems } from './thread-options.js';
import { movesOf } from './transfer.js';
import { decode, encode } from './wire.js';

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
  const transfer = [...transferItems(of), ...movesOf(of.args)];
  try {
    const asked = { wired: encode(of.args, transfer), transferList: transfer };
    const { wired, transferList } = structuredClone(asked, { transfer: transfer as ArrayBuffer[] });
    return { args: decode(wired) as readonly unknown[], transferList };
  } catch (cause) {
    if (!isCloneError(cause)) throw cause;
    const found = explainUncloneable(of.args, 'args') ?? cause.message;
    throw new TypeError(`cannot start thread '${name}': ${found}, which cannot be cloned`, { cause });
  }
}
