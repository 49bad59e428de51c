/** MessagePack, which the engine reads by itself: `str 32` and `array 32`, and the bytes of such a header. */
const TEXT = 0xdb;
const LIST = 0xdd;
const HEADER = 5;
/** Bytes of UTF-8 that a UTF-16 unit takes at most. */
const WIDEST = 3;
/** UTF-16 units above which a text is measured, because room for its widest form would be too much. */
const SHORT = 1000;

/** Texts, bytes, and lists of them. */
export type Packable = string | Buffer | readonly Packable[];

/** For a script, as one argument: each more is looked at several times by the client, and is an object of the engine's. */
export function pack(value: Packable): Buffer {
  const out = Buffer.allocUnsafe(room(value));
  return out.subarray(0, write(out, 0, value));
}

function room(value: Packable): number {
  if (typeof value === 'string')
    return HEADER + (value.length > SHORT ? Buffer.byteLength(value) : value.length * WIDEST);
  if (Buffer.isBuffer(value)) return HEADER + value.length;
  let size = HEADER;
  for (const one of value as readonly Packable[]) size += room(one);
  return size;
}

/** Returns where it ends. */
function write(out: Buffer, at: number, value: Packable): number {
  let end = at + HEADER;
  if (typeof value === 'string') end += out.write(value, end);
  else if (Buffer.isBuffer(value)) end += value.copy(out, end);
  else {
    const list = value as readonly Packable[];
    for (const one of list) end = write(out, end, one);
    return head(out, at, LIST, list.length, end);
  }
  return head(out, at, TEXT, end - at - HEADER, end);
}

function head(out: Buffer, at: number, kind: number, length: number, end: number): number {
  out[at] = kind;
  out.writeUInt32BE(length, at + 1);
  return end;
}
