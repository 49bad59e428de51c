import type { Redis, RedisOptions } from 'ioredis';
import { after, every, keepAlive, nextTurn, now } from '../primitives/waiting/event-loop.js';
import { type JobHost, queuePrefix } from './job-host.js';
import { JobMoves } from './job-moves.js';
import { JobOutbox } from './job-outbox.js';
import { watched } from './redis-connection.js';

/** ms until who may not subscribe asks anew. */
const DEAF = 500;

type Heard = (message: string) => void;

const links = new WeakMap<JobHost, JobLink>();

/** The two connections that all pools and servings of one Machines share: one for commands, one that hears. */
export class JobLink {
  readonly commands: Redis;
  readonly outbox: JobOutbox;
  readonly moves: JobMoves;
  readonly #host: JobHost;
  readonly #ears: Redis;
  readonly #stopAsking: () => void;
  /** Several may hear what is said on a channel: two pools of one name, say. */
  readonly #heard = new Map<string, Set<Heard>>();
  readonly #again = new Set<() => void>();
  /** Those that BullMQ has made of `commands`, to block on: one for each worker. */
  readonly #copies = new Set<Redis>();
  /** The one that was made last. */
  #copy: Redis | undefined;
  /** When something that was said may have been missed last, by `now()`; Infinity: it is missed now. */
  missedAt: number = Number.NEGATIVE_INFINITY;
  /** What sends as the loop turns; undefined: nothing is gathered. */
  #senders: (() => void)[] | undefined;
  /** Where they are gathered. */
  #corked: Redis['stream'] | undefined;

  static of(host: JobHost): JobLink {
    const known = links.get(host);
    if (known !== undefined) return known;
    const link = new JobLink(host);
    links.set(host, link);
    host.connected({
      isReady: () => link.commands.status === 'ready',
      cut: () => {
        link.#stopAsking();
        for (const one of [link.commands, link.#ears, ...link.#copies]) disconnect(one);
      },
    });
    return link;
  }

  private constructor(host: JobHost) {
    this.#host = host;
    const [commands, ears] = [host.connect(), host.connect(true)];
    const report = (error: unknown): void => host.report(error);
    for (const one of [commands, ears]) {
      unref(one);
      waitUntilReady(one);
      endAll(one);
    }
    tellInfo(commands, host);
    // What is answered together is mostly followed up together.
    commands.on('connect', () => commands.stream.on('data', () => this.gather()));
    const duplicate = commands.duplicate.bind(commands);
    commands.duplicate = (override) => {
      // A command that blocks is answered late; BullMQ itself sees to one that never is.
      const copy = watched(duplicate({ ...override, socketTimeout: undefined } as RedisOptions));
      waitUntilReady(copy);
      endAll(copy);
      tellInfo(copy, host);
      host.watch(copy);
      // BullMQ connects one that has ended once more.
      copy.on('connecting', () => this.#copies.add(copy));
      copy.on('end', () => this.#copies.delete(copy));
      this.#copy = copy;
      return copy;
    };
    this.commands = commands;
    this.outbox = new JobOutbox(commands, (send) => this.gather(send), report);
    this.moves = new JobMoves(commands, host, {
      gather: (send) => this.gather(send),
      tell: () => this.outbox.flush(),
      goOut: () => this.#goOut(),
    });
    this.#ears = ears;
    // A link that is half open is only found by using it.
    this.#stopAsking = every(host.lease / 2, () => {
      if (ears.status === 'ready') ears.ping().then(() => host.reached(), report);
    });
    ears.on('message', (channel: string, message: string) => {
      for (const heard of this.#heard.get(channel) ?? []) heard(message);
    });
    ears.on('close', () => {
      this.missedAt = Number.POSITIVE_INFINITY;
    });
    ears.on('ready', () => {
      const { stream } = ears;
      this.#listenAgain().then(
        (hears) => hears && host.reached(),
        (error) => {
          report(error);
          // Refused by an engine that goes on answering: by the next connection it may not be.
          after(DEAF, () => stream.destroy());
        },
      );
    });
  }

  /**
   * All commands until the loop turns go out in one write, because each write is a system call.
   *
   * @param send - what sends more as it turns
   */
  gather(send?: () => void): void {
    if (this.#senders === undefined) {
      const { stream } = this.commands;
      this.#senders = [];
      this.#corked = stream;
      stream?.cork();
      nextTurn(() => {
        const senders = this.#senders ?? [];
        this.#senders = undefined;
        for (const one of senders) one();
        stream?.uncork();
      });
    }
    if (send !== undefined) this.#senders.push(send);
  }

  #goOut(): void {
    if (this.#senders === undefined) return;
    this.#corked?.uncork();
    this.#corked?.cork();
  }

  /** Resolves once nothing that is said from now on is missed, as long as the connection holds. */
  async listen(channel: string, heard: Heard): Promise<void> {
    const all = this.#heard.get(channel) ?? new Set();
    this.#heard.set(channel, all.add(heard));
    await this.#ears.subscribe(channel);
  }

  /** Calls it after each time in which something may have been missed. */
  onAgain(again: () => void): () => void {
    this.#again.add(again);
    return () => this.#again.delete(again);
  }

  /**
   * Calls it each time the connection that the worker which was made last blocks on is connected anew: the mark that it was given
   * may be lost with the one before.
   */
  onWaitsAgain(again: () => void): void {
    const copy = this.#copy;
    copy?.once('ready', () => copy.on('ready', again));
  }

  /** Connected anew: whoever looks for what he missed must be heard by then. Resolves with whether anybody is. */
  async #listenAgain(): Promise<boolean> {
    const hears = this.#heard.size > 0;
    if (hears) await this.#ears.subscribe(...this.#heard.keys());
    if (this.missedAt === Number.POSITIVE_INFINITY) this.missedAt = now();
    for (const again of this.#again) again();
    return hears;
  }

  async leave(channel: string, heard: Heard): Promise<void> {
    const all = this.#heard.get(channel);
    if (all?.delete(heard) !== true || all.size > 0) return;
    this.#heard.delete(channel);
    // Somebody may hear on it again by then.
    await this.#host.untilItself(async () => this.#heard.has(channel) || this.#ears.unsubscribe(channel));
  }
}

/**
 * What waits for an answer fails. ioredis would leave it waiting for ever where the next attempt to connect is still to be
 * made: so that is begun now, and ended at once.
 */
function disconnect(connection: Redis): void {
  // That it fails is what ends the connection.
  if (connection.status === 'reconnecting') connection.connect().catch(() => {});
  connection.disconnect();
}

/** A command that waits. */
interface Asked {
  readonly command: Parameters<Redis['sendCommand']>[0];
  readonly stream: unknown;
  /** The database that it is for. */
  readonly select: unknown;
}

/** What ioredis asks by itself before a connection is ready. */
const GREETING = /^(hello|info|client|auth|select|readonly)$/;

/** What ioredis waits by, and for. */
interface Waiting {
  /** What is asked of it as soon as it is ready. */
  readonly offlineQueue: { push(asked: Asked): void };
  readonly condition: { readonly select: unknown };
  /** What the connection before had not answered, until there is another. */
  readonly prevCommandQueue?: { shift(): Asked | undefined } | null;
  readonly reconnectTimeout?: NodeJS.Timeout | null;
  /** As long as an answer is due; it would end the connection after the one that it was set for. */
  socketTimeoutTimer?: NodeJS.Timeout | undefined;
}

/** What the connection waits for keeps the process alive, not the connection. */
function unref(connection: Redis): void {
  const timed = connection as unknown as Waiting;
  connection.on('connect', () => (connection.stream as { unref?(): void } | undefined)?.unref?.());
  connection.on('reconnecting', () => timed.reconnectTimeout?.unref());
  connection.on('close', () => {
    clearTimeout(timed.socketTimeoutTimer);
    timed.socketTimeoutTimer = undefined;
  });
}

/**
 * ioredis sends a PUBLISH, say, before a connection is ready: before all that waits for that, and it is forgotten where that is never
 * so. Behind a SUBSCRIBE what ioredis asks by itself would not be answered.
 */
function waitUntilReady(connection: Redis): void {
  const send = connection.sendCommand.bind(connection);
  connection.sendCommand = (command, stream) => {
    if (connection.status !== 'connect' || GREETING.test(command.name)) return send(command, stream);
    const { offlineQueue, condition } = connection as unknown as Waiting;
    offlineQueue.push({ command, stream, select: condition.select });
    return command.promise;
  };
}

/** Where there is no other connection, ioredis would leave what was to be sent again unanswered. */
function endAll(connection: Redis): void {
  connection.on('end', () => {
    // Out of the queue too: were it connected once more, they would be sent again.
    const { prevCommandQueue: queue } = connection as unknown as Waiting;
    for (let one = queue?.shift(); one !== undefined; one = queue?.shift())
      one.command.reject(new Error('Connection is closed.'));
  });
}

/** BullMQ asks for it once, and would be of no use where an engine that is busy has refused that. */
function tellInfo(connection: Redis, host: JobHost): void {
  const info = connection.info.bind(connection) as (...args: readonly unknown[]) => Promise<string>;
  // ioredis gives a callback, and connects again where it is refused. By another name it is none of a greeting.
  connection.info = (...args: readonly unknown[]) =>
    args.length === 0 ? host.untilItself(() => infoOf(connection)) : info(...args);
}

/** For who may not ask for it, the one thing in it that BullMQ reads. */
async function infoOf(connection: Redis): Promise<string> {
  try {
    return `${await connection.call('INFO')}`;
  } catch (error) {
    if (!/^NOPERM/.test((error as Error).message)) throw error;
    const [, , , version] = (await connection.call('HELLO')) as string[];
    return `redis_version:${version}`;
  }
}

/** One that serves the pool and waits for jobs looks for them, by BullMQ's mark. */
export async function wakeServing(host: JobHost, link: JobLink, pool: string): Promise<void> {
  await host.untilItself(() => link.commands.eval(WAKE, 1, `${queuePrefix(host)}:${pool}:marker`));
}

/** The same, if there is a job that waits, or whose time has come, and no mark. */
export async function wakeServingIfDue(host: JobHost, link: JobLink, pool: string): Promise<void> {
  // One that is not connected would send all of them later.
  if (link.commands.status !== 'ready') return;
  const keys = ['marker', 'wait', 'prioritized', 'delayed'].map(
    (key) => `${queuePrefix(host)}:${pool}:${key}`,
  );
  // Not until the engine is itself: the next look comes anyway, and all of them would be repeated while it is busy.
  await link.commands.eval(WAKE_IF_DUE, keys.length, ...keys, Date.now());
}

/** A first write that takes no room: also while the engine is full, as job-move.lua. */
const WAKE = "redis.call('PERSIST', KEYS[1]) return redis.call('ZADD', KEYS[1], 0, '0')";

/** KEYS: as above. ARGV: ms since the epoch, by the clock that BullMQ is told; its scores are 4096 for each. */
const WAKE_IF_DUE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return end
local _, first = unpack(redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES'))
local due = first and tonumber(first) / 4096 <= tonumber(ARGV[1])
if due or redis.call('LLEN', KEYS[2]) + redis.call('ZCARD', KEYS[3]) > 0 then ${WAKE} end`;

/** Of the job that the timer's was, unless another has replaced it. */
export async function forgetTimer(commands: Redis, key: string, job: string): Promise<void> {
  await commands.eval(FORGET_TIMER, 1, key, job);
}

const FORGET_TIMER =
  "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/** Keeps the process alive until it has settled. */
export async function awake<T>(promise: Promise<T>): Promise<T> {
  keepAlive(1);
  try {
    return await promise;
  } finally {
    keepAlive(-1);
  }
}
