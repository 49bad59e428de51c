import type { PackedTarget } from '../../primitives/target.js';
import type { StartedHere } from './started-here.js';
import type { ThreadOptions } from './thread-options.js';

/** Options of a Thread object for a thread that was started already, here or elsewhere, or that runs this code. */
export class ExistingThread implements ThreadOptions<readonly unknown[], never> {
  readonly ident: number;
  /** Of a thread that was started here and whose first Thread object is gone. */
  readonly side: StartedHere<never> | undefined;
  /** What `Thread.prototype.run` calls in the thread itself. */
  readonly packed: PackedTarget | null;
  readonly args: readonly unknown[];

  constructor(
    ident: number,
    side?: StartedHere<never>,
    packed: PackedTarget | null = null,
    args: readonly unknown[] = [],
  ) {
    this.ident = ident;
    this.side = side;
    this.packed = packed;
    this.args = args;
  }
}
