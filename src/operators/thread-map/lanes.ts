import { Fifo } from '../../pool/wire/fifo.js';
import { moves } from '../../pool/wire/transfer.js';
import type { Backlog, Chunk, Lane } from './backlog.js';

const sizeOf = ({ arrived, back }: Lane): number => arrived.size + back.length;

/**
 * The backlog of a threadMap with a `key`: values of one key are in one batch at a time, so that they are mapped one after
 * the other, in order; those of different keys go side by side.
 *
 * A lane: ready -`take`-> out -all that was taken is over, or back-> ready if values wait, and otherwise gone.
 * Invariant: there is a lane for each key that has values here or out, and for no other; `#ready` has those of which none
 * is out, in the order in which they became so.
 */
export class KeyedBacklog implements Backlog {
  readonly #keyOf: (value: unknown) => unknown;
  readonly #lanes = new Map<unknown, Lane>();
  readonly #ready = new Set<Lane>();
  /** Goes on through `#ready`, from which each lane is out by the time that it has passed it: from the start it would pass all that were there. */
  #turn = this.#ready.values();
  #size = 0;
  #available = 0;
  #next = 0;
  #end = Number.POSITIVE_INFINITY;

  /** @param keyOf - the user's `key` */
  constructor(keyOf: (value: unknown) => unknown) {
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#size;
  }

  get available(): number {
    return this.#available;
  }

  get next(): number {
    return this.#next;
  }

  /** How many keys are remembered. */
  get keys(): number {
    return this.#lanes.size;
  }

  push(value: unknown): void {
    const key = this.#keyOf(value);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, arrived: new Fifo(), back: [], out: 0 };
      this.#lanes.set(key, lane);
    }
    lane.arrived.push({ first: this.#next++, values: [value], lane });
    this.#size++;
    if (this.#ready.has(lane)) this.#available++;
    else this.#readyIfFree(lane);
  }

  take(most: number): readonly Chunk[] {
    const taken: Chunk[] = [];
    for (;;) {
      const { value: lane, done } = this.#turn.next();
      if (done === true) this.#turn = this.#ready.values();
      if (lane === undefined || this.#takeOut(lane, most, taken)) return taken;
    }
  }

  takeAt(index: number): readonly Chunk[] {
    const taken: Chunk[] = [];
    for (const lane of this.#ready) {
      if (peek(lane)?.first !== index) continue;
      this.#takeOut(lane, 1, taken);
      break;
    }
    return taken;
  }

  /** true: no more may travel with what was taken. */
  #takeOut(lane: Lane, most: number, taken: Chunk[]): boolean {
    const before = taken.length;
    this.#ready.delete(lane);
    this.#available -= sizeOf(lane);
    const full = this.#takeOf(lane, most, taken);
    this.#size -= taken.length - before;
    // None was taken of it, because its first value travels alone.
    this.#readyIfFree(lane);
    return full;
  }

  /** true: no more may travel with what was taken. */
  #takeOf(lane: Lane, most: number, taken: Chunk[]): boolean {
    for (let first = peek(lane); first !== undefined; first = peek(lane)) {
      const alone = first.alone === true || moves(first.values[0]);
      if (alone && taken.length > 0) return true;
      taken.push(first);
      lane.out++;
      if (lane.back.shift() === undefined) lane.arrived.shift();
      if (alone || taken.length >= most) return true;
    }
    return false;
  }

  giveBack(chunk: Chunk): void {
    const lane = chunk.lane as Lane;
    if (chunk.first < this.#end) {
      const at = lane.back.findIndex(({ first }) => first > chunk.first);
      lane.back.splice(at < 0 ? lane.back.length : at, 0, chunk);
      this.#size++;
    }
    this.over(chunk);
  }

  over(chunk: Chunk): void {
    const lane = chunk.lane as Lane;
    lane.out--;
    this.#readyIfFree(lane);
  }

  #readyIfFree(lane: Lane): void {
    if (lane.out > 0 || this.#ready.has(lane)) return;
    const waiting = sizeOf(lane);
    if (waiting === 0) this.#lanes.delete(lane.key);
    else {
      this.#ready.add(lane);
      this.#available += waiting;
    }
  }

  cut(index: number): void {
    this.#end = index;
    this.#size = 0;
    this.#available = 0;
    this.#ready.clear();
    for (const lane of this.#lanes.values()) {
      const kept = [...lane.back.splice(0), ...drained(lane.arrived)].filter(({ first }) => first < index);
      lane.back.push(...kept);
      this.#size += kept.length;
      this.#readyIfFree(lane);
    }
  }
}

function peek({ back, arrived }: Lane): Chunk | undefined {
  return back[0] ?? arrived.peek();
}

function* drained(chunks: Fifo<Chunk>): Iterable<Chunk> {
  for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield chunk;
}
