import { MessageChannel } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import type { JobPool } from '../../pool/thread/job-pool.js';
import { stopThread } from '../../pool/thread/stop-thread.js';
import { Thread } from '../../pool/thread/thread.js';
import { encode } from '../../pool/wire/codec.js';
import { PortChannel } from '../../pool/wire/port-channel.js';
import { movesOf } from '../../pool/wire/transfer.js';
import { mapValuesModule } from '../../pool/workers/worker-files.js';
import { allocate, type Cells } from '../../primitives/memory/word.js';
import type { PackedTarget } from '../../primitives/target.js';
import { now } from '../../primitives/waiting/event-loop.js';
import { Batch } from './batch.js';
import { offer } from './batch-claims.js';
import type { FromBatchMessage, FromSession, ToSession } from './messages.js';

/** Who is called about what comes from a session: the Dispatcher. */
export interface SessionOwner {
  /** A message has come about a batch. */
  heard(session: MapSession, batch: Batch, message: FromBatchMessage): void;
  /** The session has its worker now. */
  ready(): void;
  /** The session's thread has ended although nobody asked it to. */
  died(session: MapSession, error: unknown): void;
}

/**
 * A job of the pool that maps batches, as long as there are some, seen from the thread that makes them. The job is a
 * Thread whose target is a function of this library, in-worker/map-values.ts. It gets the user's target, one end of a
 * port, and a few words of shared memory, one for each batch that it may have at once.
 *
 *   queued -ready-> open -its thread ends by itself-> died
 *   queued or open -`leaving`, and its last batch is over; or nothing to do for a while; or nobody wants more-> ended
 *
 * While it is queued the session takes one batch, which its worker finds in the port when it begins: the pool's queue is no
 * place to keep many values in. Once open it takes as many as it has words, so that the worker need not wait for this
 * thread between two of them. A value's way through all of this stands at the head of dispatcher.ts.
 *
 * Invariant: a word that is not in `#free` belongs to one batch of `batches`, whose end has not come.
 */
export class MapSession {
  readonly #owner: SessionOwner;
  readonly #channel: PortChannel<ToSession, FromSession>;
  readonly #cells: Cells;
  readonly #free: number[] = [];
  readonly #thread: Thread<void>;
  /** Those whose end has not come, oldest first. */
  readonly batches: Map<number, Batch> = new Map();
  readonly since: number = now();
  lastHeard: number = now();
  /** Something has come of one of its values: the target can be loaded. */
  worked = false;
  #ended = false;
  #ids = 0;
  /** It gets no more batches, because other jobs of the pool wait for its worker. */
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
      target: { module: mapValuesModule(), export: 'mapValues' },
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

  /** How much it has to do. A session that waits for a worker comes after one that has a worker and nothing to do. */
  get load(): number {
    return this.batches.size + (this.queued ? 0.5 : 0);
  }

  /** @throws whatever keeps one of the values from being sent; nothing has been sent then */
  send(first: number, values: readonly unknown[]): Batch {
    const cell = this.#free.at(-1) as number;
    offer(this.#cells, cell);
    const id = ++this.#ids;
    const transfer = movesOf(values);
    this.#channel.post({ kind: 'batch', id, cell, values: encode(values, transfer) }, transfer);
    this.#free.pop();
    const batch = new Batch(first, values, {
      id,
      cells: this.#cells,
      cell,
      moved: transfer.length > 0,
      credit: (values) => this.#channel.post({ kind: 'credit', id, values }),
    });
    this.batches.set(id, batch);
    return batch;
  }

  /** The first batch with values that can be taken back: the worker has not taken them up. */
  firstUntouched(): Batch | undefined {
    for (const batch of this.batches.values()) if (batch.hasUntouched) return batch;
    return undefined;
  }

  /** Hears now what the event loop would bring. */
  drain(): void {
    if (!this.#ended) this.#channel.drain();
  }

  /** Called once it is not needed any more: a value that it is still mapping is stopped. */
  end(grace: number): void {
    if (this.#ended) return;
    this.#ended = true;
    const works = this.batches.size > 0;
    for (const batch of this.batches.values()) batch.takeBack();
    if (works || this.queued) stopThread(this.#thread as Thread<never>, grace);
    this.#channel.close();
  }

  #heard(message: FromSession): void {
    if (this.#ended) return;
    if (message.kind === 'unread') this.#cannotRead(message.why);
    else if (message.kind === 'ready') this.#owner.ready();
    else this.#heardOf(message);
  }

  #heardOf(message: FromBatchMessage): void {
    const batch = this.batches.get(message.id);
    if (batch === undefined) return;
    this.lastHeard = now();
    this.worked = true;
    try {
      batch.heard(message);
    } catch (error) {
      this.#cannotRead((error as ThreadError).message);
      return;
    }
    if (batch.ended) {
      this.batches.delete(batch.id);
      this.#free.push(batch.cell);
    }
    this.#owner.heard(this, batch, message);
  }

  /** It is not known whose results these were: as when the worker dies, whatever it was mapping has failed. */
  #cannotRead(why: string): void {
    const error = new ThreadError(`a result of threadMap cannot be read here: ${why}`, { code: 'ERR_CLONE' });
    this.#ended = true;
    this.#channel.close();
    stopThread(this.#thread as Thread<never>, 0);
    this.#owner.died(this, error);
  }

  #over(error: unknown): void {
    this.drain();
    if (this.#ended) return;
    this.#ended = true;
    this.#channel.close();
    this.#owner.died(this, error);
  }
}
