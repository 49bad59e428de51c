import { MessageChannel } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import type { JobPool } from '../../pool/thread/job-pool.js';
import { expectEnd, stopThread } from '../../pool/thread/stop-thread.js';
import { Thread } from '../../pool/thread/thread.js';
import { decode, encode } from '../../pool/wire/codec.js';
import { PortChannel } from '../../pool/wire/port-channel.js';
import { movesOf } from '../../pool/wire/transfer.js';
import { mapValuesModule } from '../../pool/workers/worker-files.js';
import { allocate, type Cells } from '../../primitives/memory/word.js';
import { after, now } from '../../primitives/waiting/event-loop.js';
import type { Chunk } from './backlog.js';
import { Batch } from './batch.js';
import { offer } from './batch-claims.js';
import type { Mapping } from './map-options.js';
import type { FromBatchMessage, FromSession, ProgressMessage, ToSession } from './messages.js';
import type { Part } from './results.js';

/** ms that a worker has to end by itself, when nothing is asked of it any more and it most likely is at nothing. */
const ENDS_BY_ITSELF_MS = 20;

/** Who is called about what comes from a session: the Dispatcher. */
export interface SessionOwner {
  /** A message has come about a batch, and these parts of it. */
  heard(session: MapSession, batch: Batch, message: FromBatchMessage, parts: readonly Part[]): void;
  /** A value that is being mapped has reported its progress. */
  progressed(value: unknown, index: number, progress: unknown): void;
  /** What came cannot be read; of the batch that it was about, if that is known. */
  unread(session: MapSession, error: ThreadError, known: Batch | undefined): void;
  /** The session has its worker now. */
  ready(session: MapSession): void;
  /** The session's thread has ended although nobody asked it to. */
  died(session: MapSession, error: unknown): void;
}

/**
 * A job of the pool that maps batches, as long as there are some, seen from the thread that makes them. The job is a
 * Thread whose target is a function of this library, in-worker/map-values.ts. It gets the user's target, one end of a
 * port, and a few words of shared memory, one for each batch until its end has come.
 *
 *   queued -ready-> open -its thread ends by itself-> died
 *   queued or open -`leaving`, and its last batch is over; or nothing to do for a while; or nobody wants more-> ended
 *
 * While it is queued the session takes one batch, which its worker finds in the port when it begins: the pool's queue is no
 * place to keep many values in. One that moves could not be taken back from there: see `#keepsBack`. Once open it takes
 * `depth` batches, so that the worker need not wait for this thread between two of them. A value's way through all of this
 * stands at the head of dispatcher.ts.
 *
 * Invariant: a word that is not in `#free` belongs to one batch of `batches`, whose end has not come.
 */
export class MapSession {
  readonly #owner: SessionOwner;
  readonly #channel: PortChannel<ToSession, FromSession>;
  readonly #depth: number;
  readonly #cells: Cells;
  readonly #free: number[] = [];
  readonly #thread: Thread<void>;
  /** Those whose end has not come, oldest first. */
  readonly batches: Map<number, Batch> = new Map();
  /** How many of them have values: those of the others were taken back before the worker came to them. */
  filled = 0;
  readonly since: number = now();
  lastHeard: number = now();
  /** Something has come of one of its values: the target can be loaded. */
  worked = false;
  #ended = false;
  /** Called when the thread has ended, of a session that was given up. */
  #abandoned: (() => void) | undefined;
  #ids = 0;
  /** Its worker may be one that waits for what comes to this session: what moves is sent once it has that. */
  readonly #keepsBack: boolean;
  /** The batch that it keeps back for that. */
  #unsent: Batch | undefined;
  /** It gets no more batches, because other jobs of the pool wait for its worker. */
  leaving = false;

  /**
   * @param depth - how many batches it takes at once
   * @throws ThreadError when the pool takes no more
   */
  constructor(pool: JobPool, mapping: Mapping, depth: number, owner: SessionOwner) {
    const { target, name, onProgress } = mapping;
    this.#keepsBack = mapping.ordered && mapping.pool.free === 0;
    this.#owner = owner;
    this.#depth = depth;
    // The word of a batch whose values were taken back is the worker's until it comes to that: meanwhile others take its place.
    const words = 2 * depth;
    this.#cells = allocate(words);
    for (let cell = words - 1; cell >= 0; cell--) this.#free.push(cell);
    const { port1, port2 } = new MessageChannel();
    this.#channel = new PortChannel(port1);
    this.#thread = new Thread<void>({
      target: { module: mapValuesModule(), export: 'mapValues' },
      args: [port2, target, this.#cells, onProgress !== undefined],
      transferList: [port2],
      name,
      pool,
    });
    try {
      this.#thread.start();
    } catch (error) {
      this.#channel.close();
      throw error;
    }
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
    if (this.queued) return this.batches.size === 0;
    return this.filled < this.#depth && this.#free.length > 0;
  }

  /** Its worker is at streams alone, and can take another batch all the same. */
  get streams(): boolean {
    if (this.#ended || this.queued || this.filled === 0 || this.#free.length === 0) return false;
    for (const batch of this.batches.values()) if (batch.size > 0 && !batch.streams) return false;
    return true;
  }

  /** How much it has to do. A session that waits for a worker comes after one that has a worker and nothing to do. */
  get load(): number {
    return this.filled + (this.queued ? 0.5 : 0);
  }

  /** When the batch was sent that its worker is at, or will be at next; 0: there is none. */
  get workingSince(): number {
    for (const batch of this.batches.values()) if (batch.size > 0) return batch.sent;
    return 0;
  }

  /** @throws whatever keeps one of the values from being sent; nothing has been sent then */
  send(chunks: readonly Chunk[]): Batch {
    const values =
      chunks.length === 1 ? (chunks[0] as Chunk).values : chunks.flatMap((chunk) => chunk.values);
    const cell = this.#free.at(-1) as number;
    offer(this.#cells, cell);
    const id = ++this.#ids;
    const transfer = movesOf(values);
    const moves = transfer.length > 0;
    const kept = moves && this.#keepsBack && this.queued;
    if (!kept) this.#channel.post({ kind: 'batch', id, cell, values: encode(values, transfer) }, transfer);
    this.#free.pop();
    const batch = new Batch(chunks, {
      id,
      cells: this.#cells,
      cell,
      moved: moves && !kept,
      credit: (values) => this.#channel.post({ kind: 'credit', id, values }),
    });
    if (kept) this.#unsent = batch;
    this.batches.set(id, batch);
    this.filled++;
    return batch;
  }

  /** Returns what its worker has not taken up of it. */
  takeBack(batch: Batch): readonly Chunk[] {
    const chunks = batch.takeBack();
    // Nobody waits for the batch any more; its worker still sends the end of it.
    if (chunks.length > 0 && batch.size === 0) this.filled--;
    if (batch === this.#unsent) {
      this.#unsent = undefined;
      this.#forget(batch);
    }
    return chunks;
  }

  /** Called once it has its worker: returns what it has kept back. */
  takeUnsent(): readonly Chunk[] {
    return this.#unsent === undefined ? [] : this.takeBack(this.#unsent);
  }

  #forget(batch: Batch): void {
    this.batches.delete(batch.id);
    this.#free.push(batch.cell);
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
    else expectEnd(this.#thread as Thread<never>, grace);
    this.#hangUp();
  }

  /**
   * Gives its worker up: called when a value takes too long, or what came cannot be read.
   *
   * @param reason - of the cancel; undefined: the worker most likely has nothing to do, and ends by itself
   * @param over - called when the thread has ended
   */
  abandon(grace: number, reason: unknown, over: () => void): void {
    this.#ended = true;
    this.#abandoned = over;
    this.#hangUp();
    const stop = (): void => stopThread(this.#thread as Thread<never>, grace, reason);
    if (reason === undefined) after(ENDS_BY_ITSELF_MS, stop);
    else stop();
  }

  #hangUp(): void {
    this.#channel.post({ kind: 'over' });
    this.#channel.close();
  }

  #heard(message: FromSession): void {
    if (this.#ended) return;
    if (message.kind === 'ready') this.#owner.ready(this);
    else if (message.kind === 'unread') this.#cannotRead(message.why, undefined);
    else {
      const batch = this.batches.get(message.id);
      if (batch === undefined) return;
      if (message.kind === 'progress') this.#progressed(batch, message);
      else this.#heardOf(batch, message);
    }
  }

  #progressed(batch: Batch, { at, value }: ProgressMessage): void {
    const about = batch.at(at);
    const progress = this.#read(batch, () => decode(value));
    if (about && progress) this.#owner.progressed(about.value, about.index, progress.read);
  }

  #heardOf(batch: Batch, message: FromBatchMessage): void {
    const parts = this.#read(batch, () => batch.heard(message))?.read;
    if (parts === undefined) return;
    this.lastHeard = now();
    this.worked = true;
    if (batch.ended) {
      this.#forget(batch);
      if (batch.size > 0) this.filled--;
    }
    this.#owner.heard(this, batch, message, parts);
  }

  #read<T>(batch: Batch, read: () => T): { readonly read: T } | undefined {
    try {
      return { read: read() };
    } catch (error) {
      this.#cannotRead((error as Error).message, batch);
      return undefined;
    }
  }

  #cannotRead(why: string, known: Batch | undefined): void {
    const error = new ThreadError(`a result of threadMap cannot be read here: ${why}`, { code: 'ERR_CLONE' });
    this.#owner.unread(this, error, known);
  }

  #over(error: unknown): void {
    this.drain();
    this.#abandoned?.();
    if (this.#ended) return;
    this.#ended = true;
    this.#channel.close();
    this.#owner.died(this, error);
  }
}
