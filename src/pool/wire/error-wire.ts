import { decode, type Encoded, encodeOrShow } from './codec.js';

/** What was thrown, as it travels: anything may be. */
export type PackedError = Encoded;

export function packError(thrown: unknown): PackedError {
  return encodeOrShow(thrown);
}

export function unpackError(packed: PackedError): unknown {
  return decode(packed);
}
