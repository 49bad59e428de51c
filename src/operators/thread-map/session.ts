import { MessageChannel } from 'node:worker_threads';
import type { JobPool } from '../../pool/thread/job-pool.js';
import { stopThread } from '../../pool/thread/stop-thread.js';
import { Thread } from '../../pool/thread/thread.js';
import { encode } from '../../pool/wire/codec.js';
import { PortChannel } from '../../pool/wire/port-channel.js';
import { movesOf } from '../../pool/wire/transfer.js';
import { allocate, type Cells } from '../../primitives/memory/word.js';
import type { PackedTarget } from '../../primitives/target.js';
import { now } from '../../primitives/waiting/event-loop.js';
import { claimed, offer, takeBack } from './batch-claims.js';
import type { FromBatchMessage, FromSession, ToSession } from './messages.js';
import type { Part } from './results.js';

/** Values that were sent to a worker in one message. */
export interface SentBatch extends Part {
  readonly id: number;
  readonly session: MapSession;
  readonly cell: number;
  readonly sent: number;
  /** They are not here any more, and cannot be taken back. */
  readonly moved: boolean;
  /** How many have all of their results here. */
  done: number;
  /** Of the outputs, those that want credit. */
  streamed: number;
}

/** Who hears of what comes from a session. */
export interface SessionOwner {
  heard(batch: SentBatch, message: FromBatchMessage): void;
  /** It has a worker now. */
  ready(): void;
  /** The thread has ended, by itself. */
  died(session: MapSession, error: unknown): void;
}

const MODULE = new URL('./in-worker/map-values.js', import.meta.url).href;

/**
 * A job of the pool that maps batches as long as there are some: seen from the thread that makes them.
 * Invariant: a cell that is not free belongs to one batch that has not ended.
 */
export class MapSession {
  readonly #owner: SessionOwner;
  readonly #channel: PortChannel<ToSession, FromSession>;
  readonly #cells: Cells;
  readonly #free: number[] = [];
  readonly #thread: Thread<void>;
  readonly batches: Map<number, SentBatch> = new Map();
  readonly since: number = now();
  lastHeard: number = now();
  /** It has mapped something. */
  worked = false;
  #ended = false;
  #ids = 0;
  /** It gets no more batches: others want its worker. */
  leaving = false;

  /**
   * @param depth - how many batches it takes at once
   * @throws ThreadError when the pool takes no more
   */
  constructor(pool: JobPool, target: PackedTarget, name: string, depth: number, owner: SessionOwner) {
    this.#owner = owner;
    this.#cells = allocate(depth);
    for (let cell = depth - 1; cell >= 0; cell--) this.#free.push(cell);
    const { port1, port2 } = new MessageChannel();
    this.#channel = new PortChannel(port1);
    this.#thread = new Thread<void>({
      target: { module: MODULE, export: 'mapValues' },
      args: [port2, target, this.#cells],
      transferList: [port2],
      name,
      pool,
    });
    this.#thread.start();
    this.#channel.hear((message) => this.#heard(message));
    this.#thread.output$.subscribe({
      error: (error) => this.#over(error),
      complete: () => this.#over(undefined),
    });
  }

  /** Its job waits for a worker. */
  get queued(): boolean {
    return this.#thread.state === 'queued';
  }

  get hasRoom(): boolean {
    if (this.leaving || this.#ended) return false;
    return this.queued ? this.batches.size === 0 : this.#free.length > 0;
  }

  /** How much it has to do; one that waits for a worker is behind one that has nothing to do. */
  get load(): number {
    return this.batches.size + (this.queued ? 0.5 : 0);
  }

  /** @throws whatever keeps the values from being sent; nothing has been sent then */
  send(first: number, values: readonly unknown[]): SentBatch {
    const cell = this.#free.at(-1) as number;
    offer(this.#cells, cell);
    const id = ++this.#ids;
    const transfer = movesOf(values);
    this.#channel.post({ kind: 'batch', id, cell, values: encode(values, transfer) }, transfer);
    this.#free.pop();
    const batch: SentBatch = {
      id,
      first,
      values,
      session: this,
      cell,
      sent: now(),
      moved: transfer.length > 0,
      done: 0,
      outputs: [],
      streamed: 0,
      ended: false,
      failure: undefined,
      passed: () => this.#credit(batch),
    };
    this.batches.set(id, batch);
    return batch;
  }

  #credit(batch: SentBatch): void {
    if (batch.streamed === 0) return;
    if (!batch.ended) this.#channel.post({ kind: 'credit', id: batch.id, values: batch.streamed });
    batch.streamed = 0;
  }

  /** The first batch with values that can be taken back: the worker has not taken them up. */
  firstUntouched(): SentBatch | undefined {
    for (const batch of this.batches.values()) {
      const taken = claimed(this.#cells, batch.cell);
      if (!batch.moved && taken >= 0 && taken < batch.values.length) return batch;
    }
    return undefined;
  }

  /** Cuts off what the worker has not taken up. */
  takeBack(batch: SentBatch): readonly unknown[] {
    if (batch.ended) return [];
    const taken = takeBack(this.#cells, batch.cell);
    if (taken < 0) return [];
    const rest = batch.values.slice(taken);
    batch.values = batch.values.slice(0, taken);
    return rest;
  }

  /** Hears now what the event loop would bring. */
  drain(): void {
    if (!this.#ended) this.#channel.drain();
  }

  /** It is not needed any more; what it still does is stopped. */
  end(grace: number): void {
    if (this.#ended) return;
    this.#ended = true;
    const works = this.batches.size > 0;
    for (const batch of this.batches.values()) this.takeBack(batch);
    if (works || this.queued) stopThread(this.#thread as Thread<never>, grace);
    this.#channel.close();
  }

  #heard(message: FromSession): void {
    if (this.#ended) return;
    if (message.kind === 'ready') {
      this.#owner.ready();
      return;
    }
    const batch = this.batches.get(message.id);
    if (batch === undefined) return;
    this.lastHeard = now();
    this.worked = true;
    batch.done = message.done;
    if (message.kind !== 'results') {
      batch.ended = true;
      this.batches.delete(batch.id);
      this.#free.push(batch.cell);
    }
    this.#owner.heard(batch, message);
  }

  #over(error: unknown): void {
    this.drain();
    if (this.#ended) return;
    this.#ended = true;
    this.#channel.close();
    this.#owner.died(this, error);
  }
}
