import { decode, encodeOrShow, type Wired } from './codec.js';

/** What was thrown, as it travels: anything may be. */
export type PackedError = Wired;

export function packError(thrown: unknown): PackedError {
  return encodeOrShow(thrown);
}

export function unpackError(packed: PackedError): unknown {
  return decode(packed);
}
