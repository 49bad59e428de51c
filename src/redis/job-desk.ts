import { randomUUID } from 'node:crypto';
import { every, nextTurn, now } from '../primitives/waiting/event-loop.js';
import { EngineError } from './errors.js';
import { JobCommands, type JobEnd } from './job-commands.js';
import { bullmq, closedWithMachines, type JobHost, jobKey, queuePrefix } from './job-host.js';
import { JobLink } from './job-link.js';
import { type JobData, type JobMessage, type JobOptions, readMessages } from './job-messages.js';

/** A job on its way into the queue. */
export interface JobEntry {
  readonly id: string;
  readonly name: string;
  readonly data: JobData;
  readonly options: JobOptions;
  /** It is to be in the queue though nobody waits for it, also where the Machines is closed at once. */
  readonly outlives: boolean;
  /** @param id - of the job that does it: another's, where a job of the same `dedupe` was there */
  accepted(id: string): void;
  refused(error: unknown): void;
}

/** Who waits for a job. */
export interface JobWaiter {
  heard(message: JobMessage): void;
  /** The engine says so: see JobDesk.look. */
  found(end: JobEnd, askedAt: number): void;
  /** Values of a stream may have been missed. */
  again(): void;
  /** When it heard last: `now()`. */
  readonly heardAt: number;
}

/** Jobs that are asked for at a time. */
const AT_ONCE = 500;
/** Jobs that are brought at a time, and how many such portions: some are made while the engine has others. */
const PORTION = 100;
const PORTIONS = 4;
/** Seconds that jobs stay in the queue behind their end, for the job itself to say that it was added. */
const STAYS = 60;
/** Of BullMQ's, which nobody hears here. Each end of a job is one, with its result, and stays after the job is gone. */
const MOST_EVENTS = 100;

const desks = new WeakMap<JobHost, Map<string, JobDesk>>();

/**
 * The caller's side of all pools of one name: brings jobs into the queue, those of one turn together, and hears of them.
 *
 * What was told while nobody could hear is asked for each half lease, and after each time without a connection.
 */
export class JobDesk extends JobCommands {
  /** On it the desk's jobs are told of; on the other those that several callers share. */
  readonly channel: string;
  readonly sharedChannel: string;
  /** Half a lease, in ms. */
  readonly half: number;
  readonly #name: string = randomUUID().slice(-12);
  #count = 0;
  /** Those that can be taken back. */
  readonly #line = new Set<JobEntry>();
  /** Portions that the engine is to answer, and jobs among them that it has not taken by the first attempt. */
  readonly #onTheirWay = new Set<Promise<unknown>>();
  readonly #again = new Set<JobEntry>();
  /** Those on their way that outlive the Machines. */
  readonly #owed = new Set<JobEntry>();
  /** Keys that say that a job was added, which this process knows by now. */
  readonly #notes: string[] = [];
  readonly #waiters = new Map<string, Set<JobWaiter>>();
  readonly #watchers = new Set<(error: Error) => void>();
  #listening: Promise<unknown> | undefined;
  /** What nobody waits for but the end of the Machines. */
  readonly #work = new Set<Promise<unknown>>();

  static of(host: JobHost, pool: string): JobDesk {
    const known = desks.get(host) ?? new Map<string, JobDesk>();
    desks.set(host, known);
    const desk = known.get(pool) ?? new JobDesk(host, pool);
    known.set(pool, desk);
    return desk;
  }

  private constructor(host: JobHost, pool: string) {
    if (host.closing) throw closedWithMachines(pool);
    const { Queue } = bullmq();
    const link = JobLink.of(host);
    const streams = { events: { maxLen: MOST_EVENTS } };
    super(host, link, new Queue(pool, { connection: link.commands, prefix: queuePrefix(host), streams }));
    this.queue.on('error', (error) => host.report(error));
    this.channel = `${host.prefix}r:${pool}:${this.#name}`;
    this.sharedChannel = `${host.prefix}r:${pool}`;
    this.half = host.lease / 2;
    const stopNet = every(this.half, () => this.#lookForThoseSince(now() - this.half));
    const stop = this.link.onAgain(() => this.#lookForThoseSince(now()));
    this.inBackground(this.#listen());
    const close = async (): Promise<void> => {
      stopNet();
      stop();
      for (const closed of this.#watchers) closed(closedWithMachines(pool));
      for (const entry of this.#line)
        if (!entry.outlives && this.#line.delete(entry)) entry.refused(closedWithMachines(pool));
      if (this.#line.size > 0) this.inBackground(this.#addAll());
      for (const waiters of this.#waiters.values())
        for (const waiter of waiters) waiter.found({ error: closedWithMachines(pool) }, now());
      // Jobs that were left are out of the queue by then, and those that outlive this are in it.
      while (this.#work.size > 0) await Promise.all(this.#work);
      await this.queue.close();
    };
    host.atClose(close, () => this.#owed.size > 0);
  }

  /** Resolves once nothing that is told is missed. Tried anew after it has failed. */
  #listen(): Promise<unknown> {
    this.#listening ??= Promise.all(
      [this.channel, this.sharedChannel].map((one) =>
        this.host.untilItself(() => this.link.listen(one, this.#told)),
      ),
    ).catch((error) => {
      this.#listening = undefined;
      throw error;
    });
    return this.#listening;
  }

  readonly #told = (text: string): void => {
    for (const message of readMessages(text)) this.#heard(message);
  };

  newId(): string {
    return `${this.#name}-${++this.#count}`;
  }

  add(entry: JobEntry): void {
    if (entry.outlives) this.#owed.add(entry);
    if (this.#line.add(entry).size === 1) nextTurn(() => this.inBackground(this.#addAll()));
  }

  /** false: it is on its way already. */
  takeBack(entry: JobEntry): boolean {
    return this.#line.delete(entry);
  }

  /**
   * In the order in which they were asked for, because a timer takes the place of those before it: so nobody goes past those that
   * are still in line, or are to be added once more.
   */
  async #addAll(): Promise<void> {
    try {
      // They can be taken back until then.
      await this.#listen();
      while (this.#line.size > 0) {
        const [oldest] = this.#onTheirWay;
        if (this.#again.size > 0) await Promise.all(this.#onTheirWay);
        else if (this.#onTheirWay.size === PORTIONS) await oldest;
        else this.#bringSome(this.#shift(PORTION));
      }
      await Promise.all(this.#onTheirWay);
    } catch (error) {
      for (const entry of this.#shift(this.#line.size)) this.#refuse(entry, error);
    }
  }

  /** The first so many of the line. */
  #shift(count: number): readonly JobEntry[] {
    const first: JobEntry[] = [];
    for (const entry of this.#line) {
      if (first.length === count) break;
      this.#line.delete(entry);
      first.push(entry);
    }
    return first;
  }

  #bringSome(entries: readonly JobEntry[]): void {
    const brought = Promise.all(entries.map((entry) => this.#bring(entry))).finally(() => {
      this.#onTheirWay.delete(brought);
    });
    this.#onTheirWay.add(brought);
  }

  /** A job has an id of its own, so that it may be added again where it is not known whether it was. */
  async #bring(entry: JobEntry, attempt = 0): Promise<void> {
    const { id, name, data, options } = entry;
    const added = this.#note(entry);
    const asked = { ...options, jobId: id, ...(added !== undefined && { added }) };
    const add = async (): Promise<string> => {
      try {
        return (await this.queue.add(name, data, asked)).id ?? id;
      } catch (error) {
        this.#again.add(entry);
        throw error;
      }
    };
    try {
      if (options.timer !== undefined) await this.#checkTimers();
      const job = await this.host.untilItself(add);
      this.#again.delete(entry);
      this.#owed.delete(entry);
      entry.accepted(job);
      if (added !== undefined) this.#forgetNote(added);
    } catch (cause) {
      const error = cause as Error;
      // What was asked is gone with the connection.
      const isLost = /Connection is closed|connection close/.test(error.message);
      if (!isLost || this.link.commands.status === 'end') {
        this.#again.delete(entry);
        this.#refuse(entry, error);
        return;
      }
      // BullMQ may fail at once, and the loop has to turn.
      await this.host.pause(attempt);
      await this.#bring(entry, attempt + 1);
    }
  }

  /** The key that says that it was added, if by the time it is added again the job may be gone: it is kept for less, or replaced. */
  #note({ id, options }: JobEntry): string | undefined {
    const { timer, removeOnComplete, removeOnFail } = options;
    const stays = [removeOnComplete, removeOnFail].every((keep) => (keep as { age: number }).age >= STAYS);
    return stays && timer === undefined ? undefined : jobKey(this.host, 'a', this.pool, id);
  }

  /** All of a turn at once. */
  #forgetNote(key: string): void {
    if (this.#notes.push(key) > 1) return;
    const turn = new Promise<void>((turned) => nextTurn(turned));
    this.inBackground(turn.then(() => this.link.commands.del(this.#notes.splice(0))));
  }

  /** @throws EngineError where two timers of one id would both run */
  async #checkTimers(): Promise<void> {
    await this.queue.waitUntilReady();
    if (!this.link.moves.namesTimers) throw new EngineError('this bullmq can have no timer with an id');
  }

  #refuse(entry: JobEntry, cause: unknown): void {
    const job = `job ${entry.id} (${entry.name})`;
    // Who waited for it has been told that the Machines is closed, and a timer need not have anybody.
    if (this.#owed.delete(entry) && this.host.closing)
      this.host.lost(new EngineError(`${this.pool} may not have ${job}`, { cause }));
    const refused = new EngineError(`${this.pool} takes no ${job}: ${(cause as Error).message}`, { cause });
    entry.refused(this.host.closing ? closedWithMachines(this.pool) : refused);
  }

  // ─── hearing of them ──────────────────────────────────────────────────────────────────────────

  wait(id: string, waiter: JobWaiter): void {
    const waiters = this.#waiters.get(id);
    if (waiters === undefined) this.#waiters.set(id, new Set([waiter]));
    else waiters.add(waiter);
  }

  forget(id: string, waiter: JobWaiter): void {
    const waiters = this.#waiters.get(id);
    if (waiters?.delete(waiter) === true && waiters.size === 0) this.#waiters.delete(id);
  }

  #heard(message: JobMessage): void {
    for (const waiter of this.#waiters.get(message.id) ?? []) waiter.heard(message);
  }

  #lookForThoseSince(time: number): void {
    const silent = [...this.#waiters].filter(([, waiters]) =>
      [...waiters].some((waiter) => waiter.heardAt <= time),
    );
    void this.#lookForAll(silent.map(([id]) => id)).catch((error) => this.host.report(error));
  }

  async #lookForAll(ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += AT_ONCE)
      await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => this.look(id)));
  }

  /** Asks the engine how the job is, for all who wait for it. */
  async look(id: string): Promise<void> {
    for (const waiter of this.#waiters.get(id) ?? []) waiter.again();
    const askedAt = now();
    const end = await this.endOf(id);
    if (end === undefined) return;
    for (const waiter of this.#waiters.get(id) ?? []) waiter.found(end, askedAt);
  }

  // ─── for its users ────────────────────────────────────────────────────────────────────────────

  /**
   * Asks BullMQ, or the engine, for its user.
   *
   * @throws EngineError; ThreadError ERR_POOL when the Machines is closed, also by then; both reject
   */
  async asked<T>(ask: () => Promise<T>): Promise<T> {
    this.checkOpen();
    try {
      return await ask();
    } catch (cause) {
      this.checkOpen();
      throw cause instanceof EngineError ? cause : new EngineError((cause as Error).message, { cause });
    }
  }

  /** @throws ThreadError ERR_POOL when the Machines is closed */
  checkOpen(): void {
    if (this.host.closing) throw closedWithMachines(this.pool);
  }

  /** Calls it as the Machines closes; returns how to call that off. */
  onClose(closed: (error: Error) => void): () => void {
    this.#watchers.add(closed);
    return () => this.#watchers.delete(closed);
  }

  /** See JobHost. */
  untilItself<T>(ask: () => Promise<T>): Promise<T> {
    return this.host.untilItself(ask);
  }

  /** For what nobody waits for: errors go to the host. */
  inBackground(work: Promise<unknown>): void {
    const done = work
      .catch((error) => this.host.report(error))
      .finally(() => {
        this.#work.delete(done);
      });
    this.#work.add(done);
  }
}
