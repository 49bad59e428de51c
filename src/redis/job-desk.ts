import { randomUUID } from 'node:crypto';
import type { JobsOptions, Queue } from 'bullmq';
import { nextTurn, now } from '../primitives/waiting/event-loop.js';
import { EngineError } from './errors.js';
import { bullmq, closedWithMachines, controlChannel, type JobHost, jobKey, queuePrefix } from './job-host.js';
import { JobLink } from './job-link.js';
import {
  CANCEL,
  type JobData,
  type JobMessage,
  packMessage,
  packMessages,
  readMessages,
} from './job-messages.js';

/** A job on its way into the queue. */
export interface JobEntry {
  readonly id: string;
  readonly name: string;
  readonly data: JobData;
  readonly options: JobsOptions;
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

/** What is left of a job that has ended; 'gone': nothing. */
export type JobEnd = { readonly result: string } | { readonly error: string | Error } | 'gone';

/** Jobs that one message to the engine brings or asks for. */
const AT_ONCE = 500;
/** ms that a cancel is remembered for a job that no worker had at that moment. */
const KEEP_CANCEL = 3_600_000;
/** ms that those who share a job are remembered, should all of them be killed. */
const KEEP_SHARERS = 7 * 24 * 3_600_000;

/**
 * The caller's side of a pool: brings jobs into the queue, those of one turn together, hears of them, and takes them out.
 *
 * What was told while nobody could hear is asked for each half lease, and after each time without a connection.
 */
export class JobDesk {
  readonly queue: Queue;
  readonly link: JobLink;
  /** On it the desk's jobs are told of; on the other those that several callers share. */
  readonly channel: string;
  readonly sharedChannel: string;
  /** Half a lease, in ms. */
  readonly half: number;
  readonly #host: JobHost;
  /** Name of the RemotePool. */
  readonly pool: string;
  readonly #name: string = randomUUID().slice(-12);
  #count = 0;
  #line: JobEntry[] = [];
  readonly #waiters = new Map<string, Set<JobWaiter>>();
  readonly #watchers = new Set<(error: Error) => void>();
  readonly #listening: Promise<unknown>[];
  readonly #net: NodeJS.Timeout;

  constructor(host: JobHost, pool: string) {
    if (host.closing) throw closedWithMachines(pool);
    const { Queue } = bullmq();
    this.#host = host;
    this.pool = pool;
    this.link = JobLink.of(host);
    this.queue = new Queue(pool, { connection: this.link.commands, prefix: queuePrefix(host) });
    this.queue.on('error', (error) => host.report(error));
    this.channel = `${host.prefix}r:${pool}:${this.#name}`;
    this.sharedChannel = `${host.prefix}r:${pool}`;
    const heard = (text: string): void => {
      for (const message of readMessages(text)) this.#heard(message);
    };
    this.#listening = [this.channel, this.sharedChannel].map((one) => this.link.listen(one, heard));
    this.half = host.lease / 2;
    this.#net = setInterval(() => this.#lookForThoseSince(now() - this.half), this.half);
    this.#net.unref();
    const stop = this.link.onAgain(() => this.#lookForThoseSince(now()));
    for (const one of this.#listening) this.inBackground(one);
    host.atClose(async () => {
      clearInterval(this.#net);
      stop();
      for (const closed of this.#watchers) closed(closedWithMachines(pool));
      for (const entry of this.#line.splice(0)) entry.refused(closedWithMachines(pool));
      for (const waiters of this.#waiters.values())
        for (const waiter of waiters) waiter.found({ error: closedWithMachines(pool) }, now());
      await this.queue.close();
    });
  }

  newId(): string {
    return `${this.#name}-${++this.#count}`;
  }

  add(entry: JobEntry): void {
    if (this.#line.push(entry) === 1) nextTurn(() => void this.#addAll());
  }

  /** false: it is on its way already. */
  takeBack(entry: JobEntry): boolean {
    const at = this.#line.indexOf(entry);
    if (at >= 0) this.#line.splice(at, 1);
    return at >= 0;
  }

  async #addAll(): Promise<void> {
    let line = this.#line;
    try {
      // They can be taken back until then.
      await Promise.all(this.#listening);
      line = this.#line;
      this.#line = [];
      while (line.length > 0) await this.#addSome(line.splice(0, AT_ONCE));
    } catch (error) {
      for (const entry of line.splice(0))
        entry.refused(this.#host.closing ? closedWithMachines(this.pool) : error);
    }
  }

  /** A job has an id of its own, so that it may be added again where it is not known whether it was. */
  async #addSome(entries: readonly JobEntry[]): Promise<void> {
    try {
      const jobs = await this.queue.addBulk(
        entries.map(({ name, data, options, id }) => ({ name, data, opts: { ...options, jobId: id } })),
      );
      for (const [nth, entry] of entries.entries()) entry.accepted(jobs[nth]?.id ?? entry.id);
    } catch (cause) {
      const error = cause as Error;
      // Its scripts are gone with the engine's memory, or what was asked with the connection.
      if (/NOSCRIPT|LOADING|Connection is closed|connection close/.test(error.message)) {
        if (this.link.commands.status === 'end')
          for (const entry of entries) entry.refused(closedWithMachines(this.pool));
        else await this.#addSome(entries);
      } else if (entries.length > 1) for (const entry of entries) await this.#addSome([entry]);
      else entries[0]?.refused(new EngineError(`${this.pool} takes no job: ${error.message}`, { cause }));
    }
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
    void this.#lookForAll(silent.map(([id]) => id)).catch((error) => this.#host.report(error));
  }

  async #lookForAll(ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += AT_ONCE)
      await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => this.look(id)));
  }

  /** Asks the engine how the job is, for all who wait for it. */
  async look(id: string): Promise<void> {
    for (const waiter of this.#waiters.get(id) ?? []) waiter.again();
    const askedAt = now();
    const end = await this.#end(id);
    if (end === undefined) return;
    for (const waiter of this.#waiters.get(id) ?? []) waiter.found(end, askedAt);
  }

  /** The state first: a job that is read before it ends has no result yet. */
  async #end(id: string): Promise<JobEnd | undefined> {
    const state = await this.queue.getJobState(id);
    if (state === 'unknown') return 'gone';
    if (state !== 'completed' && state !== 'failed') return undefined;
    const job = await this.queue.getJob(id);
    if (job === undefined) return 'gone';
    if (state === 'completed') return { result: (job.returnvalue as string | null) ?? '' };
    return { error: (job.data as JobData).error ?? new Error(job.failedReason) };
  }

  // ─── leaving them ─────────────────────────────────────────────────────────────────────────────

  /** Takes the job out of the queue, or reaches it where it runs. Resolves with whether it was in the queue. */
  async cancel(id: string): Promise<boolean> {
    if ((await this.queue.remove(id)) === 1) return true;
    const key = jobKey(this.#host, 'x', this.pool, id);
    const { commands } = this.link;
    // Its worker hears of it, or finds it when it begins.
    await commands.set(key, '1', 'PX', KEEP_CANCEL);
    await this.say(id, CANCEL, 0);
    // It was between two places, or has ended meanwhile.
    if ((await this.queue.remove(id)) === 1) await commands.del(key);
    return false;
  }

  /** With all of its attempts; the deaths of before do not count. @throws EngineError */
  retryFailed(id: string): Promise<void> {
    return this.asked(async () => {
      const job = await this.queue.getJob(id);
      if (job === undefined || !(await job.isFailed()))
        throw new EngineError(`${this.pool} has no failed job ${id}`);
      const { error: _, ...data } = job.data as JobData;
      await job.updateData({ ...data, forgiven: job.stalledCounter });
      await job.retry('failed', { resetAttemptsMade: true });
    });
  }

  /** To all that serve the pool. */
  async say(id: string, kind: string, count: number): Promise<void> {
    const message = packMessages([packMessage(id, kind, count)]);
    await this.link.commands.publish(controlChannel(this.#host, this.pool), message);
  }

  /** Several may want the job; `leaveShared` takes it out with the last of them. */
  async joinShared(id: string, by: string): Promise<void> {
    const key = this.#sharersKey(id);
    await this.link.commands.multi().sadd(key, by).pexpire(key, KEEP_SHARERS).exec();
  }

  async forgetShared(id: string, by: string): Promise<void> {
    await this.link.commands.srem(this.#sharersKey(id), by);
  }

  #sharersKey(id: string): string {
    return jobKey(this.#host, 'w', this.pool, id);
  }

  async leaveShared(id: string, by: string): Promise<void> {
    const key = this.#sharersKey(id);
    const answers = await this.link.commands.multi().srem(key, by).scard(key).exec();
    if (answers?.[1]?.[1] === 0) await this.cancel(id);
  }

  /**
   * Asks BullMQ, or the engine, for its user.
   *
   * @throws ThreadError ERR_POOL, which rejects, when the Machines is closed, also by then
   */
  async asked<T>(ask: () => Promise<T>): Promise<T> {
    this.checkOpen();
    try {
      return await ask();
    } catch (error) {
      this.checkOpen();
      throw error;
    }
  }

  /** @throws ThreadError ERR_POOL when the Machines is closed */
  checkOpen(): void {
    if (this.#host.closing) throw closedWithMachines(this.pool);
  }

  /** Calls it as the Machines closes; returns how to call that off. */
  onClose(closed: (error: Error) => void): () => void {
    this.#watchers.add(closed);
    return () => this.#watchers.delete(closed);
  }

  /** For what nobody waits for: errors go to the host. */
  inBackground(work: Promise<unknown>): void {
    work.catch((error) => this.#host.report(error));
  }
}
