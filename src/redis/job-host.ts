import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as BullMQ from 'bullmq';
import type * as ioredis from 'ioredis';
import type { Redis, RedisOptions } from 'ioredis';
import { ThreadError } from '../errors.js';
import { requireFrom } from '../primitives/require-from.js';
import { after, keepAlive } from '../primitives/waiting/event-loop.js';
import { EngineError } from './errors.js';
import type { Codec } from './options.js';
import { backoff, pause } from './pause.js';
import { addressOf, isPassing, open, stepsWithin, whereElse } from './redis-connection.js';
import type { Session } from './session.js';

const hosts = new WeakMap<Session, JobHost>();

/** The one of a Machines. */
export function jobHost(session: Session): JobHost {
  const host = hosts.get(session) ?? new JobHost(session);
  hosts.set(session, host);
  return host;
}

/** Called as a Machines closes: pools and servings end before its session does, and there are no more. */
export function closeJobs(session: Session): Promise<void> {
  return jobHost(session).close();
}

/** Connections, as far as their end is concerned. */
interface Line {
  isReady(): boolean;
  /** What waits for an answer fails. */
  cut(): void;
}

interface Closer {
  close(): Promise<void>;
  owes(): boolean;
}

/** Of what is asked of a pool or a serving whose Machines is closed. */
export function closedWithMachines(pool: string): ThreadError {
  return new ThreadError(`${pool} is closed, with its Machines`, { code: 'ERR_POOL' });
}

/** What pools and servings need of the Machines that made them. */
export class JobHost {
  readonly #session: Session;
  readonly #closers: Closer[] = [];
  /** Its Machines closes: what is cut off by that is not wrong. */
  closing = false;
  /** Nothing connects any more. */
  #isCut = false;
  #line: Line | undefined;
  readonly #ofConnections = new WeakSet<Error>();
  #closed: Promise<void> | undefined;
  /** By attempts that were made. */
  readonly #pauses = new Map<number, Promise<void>>();
  /** Of all keys and channels: `{namespace}:`, so that they are of one slot in a cluster. */
  readonly prefix: string;
  /** ms */
  readonly lease: number;
  /** undefined: JSON. */
  readonly codec: Codec | undefined;

  constructor(session: Session) {
    this.#session = session;
    this.prefix = `{${session.namespace}}:`;
    this.lease = session.lease;
    this.codec = session.options.codec;
  }

  /**
   * A connection as BullMQ wants it: it comes back by itself, and what was not answered is sent again. One that does not
   * answer for half a lease, or leads to a replica by now, is another's turn: a Sentinel, say, knows where the primary is.
   *
   * @param hears - see `watch`
   * @throws EngineError
   */
  connect(hears = false): Redis {
    const { connection } = this.#session.options;
    if (connection === 'memory')
      throw new EngineError("jobs need a Redis or Valkey: the engine of connection: 'memory' has no queues");
    const address = addressOf(connection);
    const patience = this.lease / 2;
    const own: RedisOptions = {
      maxRetriesPerRequest: null,
      ...stepsWithin(patience),
      disconnectTimeout: 100,
      // Nobody would hear that this has failed.
      autoResubscribe: false,
      retryStrategy: (attempt) =>
        this.#isCut
          ? null
          : Math.min(LONGEST_PAUSE, 20 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2),
    };
    const redis = open(peer<typeof ioredis>('ioredis', '5.11'), address, own, true);
    const { socketTimeout } = redis.options;
    const answers = (ms: number | undefined) => (): void => {
      redis.options.socketTimeout = ms;
    };
    // The first answer is a step of connecting.
    redis.on('connect', () => redis.stream.once('data', answers(patience)));
    redis.on('close', answers(socketTimeout));
    this.watch(redis, hears);
    return redis;
  }

  /** Reports what goes wrong with a connection. @param hears - it subscribes: that it is ready does not say whether it may */
  watch(connection: Redis, hears = false): void {
    const tell = (error: Error): void => {
      this.#ofConnections.add(error);
      if (!this.closing) this.#session.outage.tell(error);
    };
    connection.on('error', tell);
    onlyToPrimary(connection, this.#session.namespace, tell);
    if (!hears) connection.on('ready', () => this.reached());
  }

  /** The engine has answered: what goes wrong from now on is told again. */
  reached(): void {
    this.#session.outage.over();
  }

  /** So that others see this process: see Machines.enumerate. */
  join(): void {
    this.#session.start();
  }

  /** What went wrong where nobody listens. */
  report(error: unknown): void {
    // BullMQ tells of them as well.
    if (this.closing || this.#ofConnections.has(error as Error)) return;
    // What the engine refuses, it refuses each time; and of a job that another has by now BullMQ tells as it has ended and as it fails.
    this.#session.outage.tell(error);
  }

  /** What was to outlive the Machines, and does not. */
  lost(error: EngineError): void {
    this.#session.tellError(error);
  }

  /** Asks again, and again, while the engine answers that it is not itself. What is asked is done once, however often. */
  async untilItself<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        if (!isPassing(error) || this.#isCut) throw error;
        this.report(error);
        await this.pause(attempt);
      }
    }
  }

  /** Before the next attempt. All that have made as many go on at once, in their order, so that jobs of one turn stay in theirs. */
  pause(attempt: number): Promise<void> {
    const known = this.#pauses.get(attempt);
    if (known !== undefined) return known;
    const paused = pause(backoff(attempt)).then(() => void this.#pauses.delete(attempt));
    this.#pauses.set(attempt, paused);
    return paused;
  }

  /**
   * Runs it as the Machines close; what was registered last closes first.
   *
   * @param owes - whether something is still to be done that outlives the Machines
   */
  atClose(close: () => Promise<void>, owes = () => false): void {
    this.#closers.unshift({ close, owes });
  }

  /** Of the connections that all share: see job-link.ts. */
  connected(line: Line): void {
    this.#line = line;
  }

  /** What the engine does not answer at all, or not within a lease, is given up: by then the jobs are others'. */
  close(): Promise<void> {
    if (this.#closed === undefined) {
      keepAlive(1);
      this.#closed = this.#close().finally(() => keepAlive(-1));
    }
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.closing = true;
    if (this.#line?.isReady() === false && !this.#closers.some((one) => one.owes())) this.#cut();
    const stop = after(this.lease, () => this.#cut());
    for (const one of this.#closers.splice(0)) await one.close();
    stop();
    this.#cut();
  }

  #cut(): void {
    this.#isCut = true;
    this.#line?.cut();
  }
}

/** Of ioredis: what failed is sent again by the next connection. */
const AND_SEND_AGAIN = 2;

/** Of a connection of ioredis, what says whether that to which it is connected will do. */
interface Checked {
  readonly connector?: { check?(info: { readonly role?: string }): boolean };
}

/**
 * A connection is not ready at a replica, because the next attempt may lead to the primary, or find that it is one again. What was the
 * primary answers READONLY, or MOVED in a Cluster; but there a primary of another shard does so, too, and at the next attempt again.
 */
function onlyToPrimary(connection: Redis, namespace: string, tell: (error: Error) => void): void {
  const { connector } = connection as unknown as Checked;
  const check = connector?.check?.bind(connector);
  if (connector !== undefined && check !== undefined)
    connector.check = (info) => {
      if (info.role === 'slave') tell(new EngineError('it is a replica', { outOfReach: true }));
      // Asked in any case, because by that another Sentinel is asked the next time.
      return check(info) && info.role !== 'slave';
    };
  let connected = 0;
  let movedIn = -1;
  connection.on('ready', () => connected++);
  // Called with each error that the engine answers, before who has asked.
  connection.options.reconnectOnError = (error) => {
    const where = whereElse(error, namespace);
    if (where === '') return error.message.startsWith('READONLY') ? AND_SEND_AGAIN : false;
    if (movedIn !== connected - 1) {
      movedIn = connected;
      return AND_SEND_AGAIN;
    }
    error.message = where;
    return false;
  };
}

/** ms between two attempts to connect. */
const LONGEST_PAUSE = 1000;

/** @throws EngineError naming the package to install */
export function bullmq(): typeof BullMQ {
  return peer('bullmq', '6.7');
}

/** A package that only some users need, loaded by the first that does. */
function peer<T>(name: string, version: string): T {
  try {
    // From the place of a file that imports them: see `packages` in rolldown.config.mjs.
    return requireFrom(join(dirname(fileURLToPath(import.meta.url)), 'imports-bullmq.js'))(name) as T;
  } catch (cause) {
    throw new EngineError(`jobs need the package ${name} ${version} or later: npm install ${name}`, {
      cause,
    });
  }
}
/** Where BullMQ keeps its queues: not `q`, below which locks have theirs, because a pool may be called `l`. */
export function queuePrefix(host: JobHost): string {
  return `${host.prefix}jobs`;
}

/**
 * Beside it: `x` a job that is to be cancelled, `w` who waits for a job that is shared, `t` a timer's job, `a` a job that was
 * added; `u` an end of a schedule.
 */
export function jobKey(host: JobHost, kind: 'x' | 'w' | 't' | 'a', pool: string, id: string): string {
  return `${host.prefix}${kind}:${pool}:${id}`;
}

/** On it all that serve a pool hear of their jobs: see job-messages.ts. */
export function controlChannel(host: JobHost, pool: string): string {
  return `${host.prefix}j:${pool}`;
}
