import type { Redis } from 'ioredis';
import { type Observable, Subject } from 'rxjs';
import { every } from '../primitives/waiting/event-loop.js';
import type { Engine, EngineOperation } from './engine.js';
import { EngineError } from './errors.js';
import { backoff, pause } from './pause.js';
import {
  type Address,
  asEngineError,
  connect,
  dropConnection,
  hangUp,
  whereElse,
} from './redis-connection.js';
import { script } from './script/script.js';

/** What an engine for one thread of a process is made with. */
export interface RedisEngineOptions {
  readonly address: Address;
  readonly namespace: string;
  /** ms without an answer after which a connection is given up. */
  readonly patience: number;
  /** Whether anybody listens to `told$`; false: there is no connection for it. */
  readonly listens: boolean;
  /** Called once with what may be wrong with it. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** One connection for commands, of one incarnation. */
interface Commands {
  readonly redis: Redis;
  readonly run: string;
  readonly age: number;
  readonly id: number;
  readonly sha: string;
}

/**
 * Redis 7 or Valkey, by one script. A connection for commands, which is what `incarnation` has vouched for until it closes,
 * and one for hints.
 */
export class RedisEngine implements Engine {
  readonly #options: RedisEngineOptions;
  readonly #prefix: string;
  readonly #told = new Subject<string>();
  readonly told$: Observable<string> = this.#told.asObservable();
  #commands: Commands | undefined;
  /** The one before, whose unanswered commands may still lie in the engine's socket. */
  #before: Commands | undefined;
  #connecting: Promise<Commands> | undefined;
  /** For WAIT, which holds up what comes behind it. */
  #waiting: Promise<Redis> | undefined;
  /** The WAIT that runs, and the one behind it, for all that was written meanwhile. */
  #replicating: Promise<unknown> = Promise.resolve();
  #next: Promise<number> | undefined;
  #inbox: Inbox | undefined;
  #session = '';
  #warned = false;
  readonly #closing = new AbortController();

  constructor(options: RedisEngineOptions) {
    this.#options = options;
    this.#prefix = `{${options.namespace}}:`;
  }

  get run(): string | undefined {
    return this.#commands?.run;
  }

  get age(): number {
    return this.#commands?.age ?? 0;
  }

  async call(operation: EngineOperation, ...args: readonly string[]): Promise<readonly string[]> {
    const commands = this.#commands;
    if (commands === undefined) throw new EngineError('there is no connection', { outOfReach: true });
    try {
      const reply = await commands.redis.evalsha(commands.sha, 1, this.#prefix, operation, ...args);
      return reply as string[];
    } catch (error) {
      const failed = asEngineError(error);
      // What another connection may mend is not mended by this one. Who asks for one now is not given this, because its end is
      // heard of only as the loop turns, and who asks again and again at once would keep the loop from that.
      if (failed.outOfReach) this.#drop(commands);
      throw failed;
    }
  }

  join(session: string): void {
    this.#session = session;
    this.#inbox?.join(session);
  }

  async incarnation(anew = false): Promise<string> {
    if (this.#commands !== undefined) {
      if (!anew) return this.#commands.run;
      this.#drop(this.#commands);
    }
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return (await this.#connecting).run;
  }

  async #connect(): Promise<Commands> {
    const { address, patience, listens } = this.#options;
    const redis = await connect(address, patience, this.#closing.signal);
    try {
      const commands = await greet(redis, this.#before, this.#options.namespace, (message) =>
        this.#warn(message),
      );
      if (listens) await this.#listen(commands.run);
      if (this.#closing.signal.aborted || redis.status !== 'ready')
        throw new EngineError('the connection has closed', { outOfReach: true });
      this.#commands = this.#before = commands;
      redis.once('close', () => this.#lost(commands));
      return commands;
    } catch (error) {
      hangUp(redis);
      throw asEngineError(error);
    }
  }

  #warn(message: string): void {
    if (!this.#warned) this.#options.warn?.(message);
    this.#warned = true;
  }

  #drop(commands: Commands): void {
    hangUp(commands.redis);
    this.#lost(commands);
  }

  #lost(commands: Commands): void {
    if (this.#commands !== commands) return;
    this.#commands = undefined;
    this.#stopWaiting();
    this.#told.next('again');
  }

  async #listen(run: string): Promise<void> {
    // Nobody would close it.
    this.#closing.signal.throwIfAborted();
    if (this.#inbox?.run !== run) {
      this.#inbox?.close();
      this.#inbox = new Inbox(this.#options, this.#prefix, (hint) => this.#told.next(hint));
    }
    await this.#inbox.open(this.#session);
    if (this.#inbox.run !== run) throw new EngineError('two incarnations answer', { outOfReach: true });
  }

  /** All who ask while one WAIT runs share the next: a replica that has the last of what they wrote has all of it. */
  async replicated(run: string, replicas: number, ms: number): Promise<number> {
    this.#next ??= this.#replicating.then(() => {
      this.#next = undefined;
      const replicating = this.#wait(replicas, ms);
      this.#replicating = replicating.catch(() => {});
      return replicating;
    });
    const have = await this.#next;
    // Another's replicas need not have it.
    if (this.run !== run) throw new EngineError('another incarnation answers', { outOfReach: true });
    return have;
  }

  async #wait(replicas: number, ms: number): Promise<number> {
    const { address, patience } = this.#options;
    this.#waiting ??= connect(address, ms + patience, this.#closing.signal).then((redis) =>
      this.#ofSameRun(redis),
    );
    const waiting = this.#waiting;
    try {
      const redis = await waiting;
      await redis.set(`${this.#prefix}written`, '1', 'PX', 1);
      return await redis.wait(replicas, ms);
    } catch (error) {
      if (this.#waiting === waiting) this.#stopWaiting();
      throw asEngineError(error);
    }
  }

  /** A Sentinel, say, knows another primary by now than the one that the commands still go to. */
  async #ofSameRun(redis: Redis): Promise<Redis> {
    try {
      if ((await runOf(redis)) === this.run) return redis;
      throw new EngineError('two incarnations answer', { outOfReach: true });
    } catch (error) {
      hangUp(redis);
      throw error;
    }
  }

  #stopWaiting(): void {
    // Who waits by it is told that it does not connect.
    this.#waiting?.then(hangUp, () => {});
    this.#waiting = undefined;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#told.complete();
    this.#inbox?.close();
    this.#stopWaiting();
    if (this.#commands !== undefined) hangUp(this.#commands.redis);
    this.#commands = undefined;
  }
}

/**
 * Reads who answers, loads the script, and sees to it that nothing of the connection before is done any more.
 *
 * @throws EngineError when it cannot be used
 */
async function greet(
  redis: Redis,
  before: Commands | undefined,
  namespace: string,
  warn: (message: string) => void,
): Promise<Commands> {
  const info = await redis.info();
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const version = field('valkey_version') || field('redis_version');
  if (Number.parseInt(version, 10) < 7)
    throw new EngineError(`Redis 7.0 or Valkey 7.2 is needed, or later, got ${version}`);
  if (field('role') === 'slave') throw new EngineError('it is a replica', { outOfReach: true });
  if (field('cluster_enabled') === '1') await checkShard(redis, namespace);
  const policy = field('maxmemory_policy');
  if (policy.startsWith('allkeys') && field('maxmemory') !== '0')
    throw new EngineError(`the engine evicts keys: maxmemory-policy must be noeviction, got ${policy}`);
  if (policy === '') warn('the engine does not tell its maxmemory-policy, which must be noeviction');
  const run = field('run_id');
  const id = await redis.client('ID');
  if (before?.run === run) await dropConnection(redis, before.id);
  const sha = String(await redis.script('LOAD', script));
  return { redis, run, age: 1000 * Number(field('uptime_in_seconds')), id, sha };
}

/** A primary of another shard stays one. @throws EngineError */
async function checkShard(redis: Redis, namespace: string): Promise<void> {
  try {
    await redis.exists(`{${namespace}}:meta`);
  } catch (error) {
    const why = whereElse(error as Error, namespace);
    throw why === '' ? error : new EngineError(why, { cause: error });
  }
}

async function runOf(redis: Redis): Promise<string> {
  return /run_id:(\w+)/.exec(await redis.info('server'))?.[1] ?? '';
}

/** The connection that hints come by. It comes back by itself, and says 'again' when it has. */
class Inbox {
  readonly #options: RedisEngineOptions;
  readonly #prefix: string;
  readonly #told: (hint: string) => void;
  #redis: Redis | undefined;
  #opening: Promise<void> | undefined;
  #session = '';
  readonly #closing = new AbortController();
  #stopAsking: (() => void) | undefined;
  run = '';

  constructor(options: RedisEngineOptions, prefix: string, told: (hint: string) => void) {
    this.#options = options;
    this.#prefix = prefix;
    this.#told = told;
  }

  open(session: string): Promise<void> {
    this.#session = session;
    if (this.#redis !== undefined) return Promise.resolve();
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    const { address, patience } = this.#options;
    const redis = await connect(address, patience, this.#closing.signal);
    redis.on('message', (_channel: string, message: string) => this.#told(message));
    try {
      this.run = await runOf(redis);
      const session = this.#session;
      await redis.subscribe(`${this.#prefix}c:${session}`);
      if (this.#closing.signal.aborted || session !== this.#session || redis.status !== 'ready')
        throw new EngineError('the connection has closed', { outOfReach: true });
    } catch (error) {
      hangUp(redis);
      throw error;
    }
    redis.once('close', () => void this.#again());
    this.#redis = redis;
    // A link that is half open is only found by using it.
    this.#stopAsking = every(patience, () => void redis.ping().catch(() => hangUp(redis)));
  }

  join(session: string): void {
    const left = this.#session;
    this.#session = session;
    if (left === session) return;
    const redis = this.#redis;
    if (redis === undefined || redis.status !== 'ready') return;
    redis
      .subscribe(`${this.#prefix}c:${session}`)
      .then(() => redis.unsubscribe(`${this.#prefix}c:${left}`))
      .catch(() => hangUp(redis));
  }

  async #again(): Promise<void> {
    this.#stopAsking?.();
    this.#redis = undefined;
    for (let attempt = 0; ; attempt++) {
      await pause(backoff(attempt));
      if (this.#closing.signal.aborted || this.#redis !== undefined) return;
      try {
        await this.open(this.#session);
        this.#told('again');
        return;
      } catch {
        // The next attempt, or the commands' connection, says what is wrong.
      }
    }
  }

  close(): void {
    this.#closing.abort();
    this.#stopAsking?.();
    if (this.#redis !== undefined) hangUp(this.#redis);
  }
}
