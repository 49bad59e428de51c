import type { Encoded, PackedError } from '../../pool/wire/codec.js';
import type { UnreadMessage } from '../../pool/wire/port-channel.js';

/** What goes over the port between a threadPipe and its thread: the same both ways. */
export type PipeMessage =
  | { readonly kind: 'values'; readonly values: Encoded }
  /** So many values were taken: as many more may be sent. */
  | { readonly kind: 'credit'; readonly values: number }
  | { readonly kind: 'complete' }
  | { readonly kind: 'error'; readonly error: PackedError }
  | UnreadMessage;

/** How many values each side may send before the other side has taken them, give or take a batch. */
export const PIPE_WINDOW = 4096;
