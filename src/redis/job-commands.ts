import type { Queue } from 'bullmq';
import { show } from '../primitives/options.js';
import { EngineError } from './errors.js';
import { controlChannel, type JobHost, jobKey, queuePrefix } from './job-host.js';
import type { JobLink } from './job-link.js';
import { CANCEL, type JobData, packMessage, packMessages } from './job-messages.js';

/** What is left of a job that has ended; 'gone': nothing. */
export type JobEnd = { readonly result: string } | { readonly error: string | Error } | 'gone';

/** ms that a cancel is remembered for a job that no worker had at that moment. */
const KEEP_CANCEL = 3_600_000;
/** KEYS: of a cancel. ARGV: ms. A first write that takes no room: also while the engine is full, as job-move.lua. */
const NOTE_CANCEL = "redis.call('PERSIST', KEYS[1]) redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])";
/** Who shares a job that was tried again by hand, so that nobody ends it who leaves. */
const AGAIN = 'again';
/** ms that those who share a job are remembered, should all of them be killed. */
const KEEP_SHARERS = 7 * 24 * 3_600_000;

/** Of the scripts below. A job that has ended may be gone, or kept. */
const WAITS = `
local function waits(job)
  return redis.call('EXISTS', job) == 1 and redis.call('HEXISTS', job, 'finishedOn') == 0
end`;

/**
 * KEYS: BullMQ's of a `dedupe`, and of the job, whose id is ARGV[1]. BullMQ deletes the first at the job's end, but not one that
 * expires: a job that has ended by now would have left it.
 */
const KEEP_UNTIL_ITS_END = `${WAITS}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call(waits(KEYS[2]) and 'PERSIST' or 'DEL', KEYS[1])`;

/** KEYS: of those who share a job, and of the job, whose end deletes the first. ARGV: who; ms. */
const JOIN = `${WAITS}
if not waits(KEYS[2]) then return end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])`;
/** The same. Whether nobody wants it any more. */
const LEAVE = `${WAITS}
redis.call('SREM', KEYS[1], ARGV[1])
return waits(KEYS[2]) and redis.call('SCARD', KEYS[1]) == 0`;

/**
 * KEYS: of the job; where BullMQ has those that wait, in order or in a list; where it has those that run. ARGV: its id; ms. 1: it
 * begins no more. It has waited until now, or is nowhere, because this call has been here, and its answer was lost. Who is killed
 * behind it leaves nothing for good.
 */
const TAKE_OUT = `
local job, id, call = KEYS[1], ARGV[1], redis.call
local taken = call('ZREM', KEYS[2], id) + call('ZREM', KEYS[3], id) + call('LREM', KEYS[4], 1, id) + call('LREM', KEYS[5], 1, id)
if taken == 0 and (call('HEXISTS', job, 'finishedOn') == 1 or call('LPOS', KEYS[6], id)) then return 0 end
return call('PEXPIRE', job, ARGV[2])`;
/** ms that one is remembered that was taken out. */
const KEEP_TAKEN = 3_600_000;

/** What the caller's side asks of the engine about one job. */
export abstract class JobCommands {
  readonly queue: Queue;
  readonly link: JobLink;
  /** Name of the RemotePool. */
  readonly pool: string;
  protected readonly host: JobHost;

  protected constructor(host: JobHost, link: JobLink, queue: Queue) {
    this.host = host;
    this.link = link;
    this.queue = queue;
    this.pool = queue.name;
  }

  /** The state first: a job that is read before it ends has no result yet. */
  async endOf(id: string): Promise<JobEnd | undefined> {
    const state = await this.queue.getJobState(id);
    if (state === 'unknown') return 'gone';
    if (state !== 'completed' && state !== 'failed') return undefined;
    const job = await this.queue.getJob(id);
    if (job === undefined) return 'gone';
    if (state === 'completed') return { result: (job.returnvalue as string | null) ?? '' };
    return { error: (job.data as JobData).error ?? new Error(job.failedReason) };
  }

  /** Takes the job out of the queue, or reaches it where it runs. Resolves with whether it was in the queue. */
  async cancel(id: string): Promise<boolean> {
    if ((await this.queue.remove(id)) === 1) return true;
    const key = jobKey(this.host, 'x', this.pool, id);
    const { commands } = this.link;
    // Its worker finds it when it begins, or hears of it.
    await Promise.all([commands.eval(NOTE_CANCEL, 1, key, KEEP_CANCEL), this.say(id, CANCEL, 0)]);
    // It was between two places, or has ended meanwhile.
    if ((await this.queue.remove(id)) === 1) await commands.del(key);
    return false;
  }

  /** Has a job that waits not begin any more; to be removed then. false: it runs, has ended, or is gone. */
  async takeOut(id: string): Promise<boolean> {
    const lists = ['delayed', 'prioritized', 'wait', 'paused', 'active'];
    const keys = [this.#jobKey(id), ...lists.map((name) => `${this.#queueKey}:${name}`)];
    return (await this.link.commands.eval(TAKE_OUT, keys.length, ...keys, id, KEEP_TAKEN)) === 1;
  }

  /** With all of its attempts; the deaths of before do not count. @throws EngineError */
  async retryFailed(id: string): Promise<void> {
    const job = await this.queue.getJob(id);
    if (job === undefined || !(await job.isFailed()))
      throw new EngineError(`${this.pool} has no failed job ${id}`);
    const { error: _, ...data } = job.data as JobData;
    const { deduplicationId } = job;
    const shared = deduplicationId === undefined ? undefined : await this.#shareAgain(id, deduplicationId);
    await job.updateData({ ...data, forgiven: job.stalledCounter });
    await job.retry('failed', { resetAttemptsMade: true });
    if (shared === undefined) return;
    await this.joinShared(id, AGAIN);
    await this.link.commands.eval(KEEP_UNTIL_ITS_END, 2, shared, this.#jobKey(id), id);
  }

  /** Others are to get its result from now on, and not to end it as they leave. Returns BullMQ's key of its `dedupe`. */
  async #shareAgain(id: string, dedupe: string): Promise<string> {
    const { commands } = this.link;
    const key = `${this.#queueKey}:de:${dedupe}`;
    // Whoever is killed before the job waits leaves no keys of a job that does not.
    if ((await commands.set(key, id, 'PX', this.host.lease, 'NX')) === null) {
      const other = await commands.get(key);
      // This call may have set it, and not have heard of that.
      if (other !== id)
        throw new EngineError(`${this.pool} has a job of dedupe ${show(dedupe)} already: ${other}`);
    }
    const sharers = this.#sharersKey(id);
    await commands.multi().sadd(sharers, AGAIN).pexpire(sharers, this.host.lease).exec();
    return key;
  }

  /** BullMQ's prefix of all that is in the queue. */
  get #queueKey(): string {
    return `${queuePrefix(this.host)}:${this.pool}`;
  }

  #jobKey(id: string): string {
    return `${this.#queueKey}:${id}`;
  }

  /** To all that serve the pool. */
  async say(id: string, kind: string, count: number): Promise<void> {
    const message = packMessages([packMessage(id, kind, count)]);
    await this.link.commands.publish(controlChannel(this.host, this.pool), message);
  }

  /** Processes that hear of the pool's jobs. */
  async countServing(): Promise<number> {
    const listening = await this.link.commands.pubsub('NUMSUB', controlChannel(this.host, this.pool));
    return Number(listening[1] ?? 0);
  }

  /** Several may want the job; `leaveShared` takes it out with the last of them. */
  async joinShared(id: string, by: string): Promise<void> {
    const keys = [this.#sharersKey(id), this.#jobKey(id)];
    await this.link.commands.eval(JOIN, 2, ...keys, by, KEEP_SHARERS);
  }

  async forgetShared(id: string, by: string): Promise<void> {
    await this.link.commands.srem(this.#sharersKey(id), by);
  }

  #sharersKey(id: string): string {
    return jobKey(this.host, 'w', this.pool, id);
  }

  async leaveShared(id: string, by: string): Promise<void> {
    const keys = [this.#sharersKey(id), this.#jobKey(id)];
    if ((await this.link.commands.eval(LEAVE, 2, ...keys, by)) === 1) await this.cancel(id);
  }
}
