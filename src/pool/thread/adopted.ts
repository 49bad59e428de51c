import type { PackedTarget } from '../../primitives/target.js';
import type { ThreadOptions } from './thread-options.js';

/** Makes a Thread object for a thread that was started elsewhere. */
export class ExistingThread implements ThreadOptions<readonly unknown[], never> {
  readonly ident: number;
  /** What its default `run` calls. */
  readonly packed: PackedTarget | null;
  readonly args: readonly unknown[];

  constructor(ident: number, packed: PackedTarget | null = null, args: readonly unknown[] = []) {
    this.ident = ident;
    this.packed = packed;
    this.args = args;
  }
}
