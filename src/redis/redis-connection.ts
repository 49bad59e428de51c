import type { Socket } from 'node:net';
import type * as ioredis from 'ioredis';
import type { Redis, RedisOptions } from 'ioredis';
import { explainUncloneable } from '../pool/wire/explain-uncloneable.js';
import { show } from '../primitives/options.js';
import { after } from '../primitives/waiting/event-loop.js';
import { EngineError } from './errors.js';
import type { CheckedOptions } from './options.js';
import { backoff, pause } from './pause.js';

/** How to connect, as it can be sent to the keeper's thread: a URL, or ioredis options without functions. */
export type Address = string | RedisOptions;

/** Options of ioredis that cannot be meant, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  Connector: 'another thread connects as well',
  keyPrefix: 'the namespace is one',
  // Of others, which ioredis does not know: it would connect to this machine.
  socket: 'ioredis has host and port beside the rest',
  url: 'a URL is given as it is',
};

/** Options that are numbers, and how high they may be. ioredis goes on with the first database where it knows no other. */
const NUMBERS: Readonly<Record<string, number>> = { db: 2 ** 31 - 1, port: 65_535 };

/** @throws EngineError that names the package */
export async function loadIoredis(): Promise<typeof ioredis> {
  try {
    return await import('ioredis');
  } catch (error) {
    throw new EngineError('rxjs-threading/redis needs the package ioredis: npm install ioredis', {
      cause: error,
    });
  }
}

/** What the user's `connection` comes to. @throws TypeError for one that another thread could not make */
export function addressOf(connection: CheckedOptions['connection']): Address {
  if (typeof connection === 'string') {
    const { searchParams, pathname } = new URL(connection);
    for (const [name, why] of Object.entries(REFUSED))
      if (searchParams.has(name)) throw new TypeError(`connection must not have a ${name}: ${why}`);
    if (pathname.length > 1) checkNumber('db', pathname.slice(1));
    return connection;
  }
  const options = typeof connection === 'function' ? optionsOf(connection()) : connection;
  if (Array.isArray(options) || 'disconnect' in options)
    throw new TypeError(
      `connection must be ioredis options, or a function that makes a connection, got ${Array.isArray(options) ? show(options) : 'a connection'}`,
    );
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    const why = value ? REFUSED[name] : undefined;
    if (why !== undefined) throw new TypeError(`connection must not have a ${name}: ${why}`);
    if (Object.hasOwn(NUMBERS, name) && value != null) checkNumber(name, value);
    if (typeof value !== 'function') plain[name] = value;
  }
  try {
    return structuredClone(plain) as RedisOptions;
  } catch (error) {
    // Not all of the options, as there may be a password in them.
    const found = explainUncloneable(plain, 'connection');
    throw new TypeError(`connection must be what another thread can be sent: ${found}`, { cause: error });
  }
}

/** Text is read as ioredis does. @throws RangeError */
function checkNumber(name: string, value: unknown): void {
  const number = typeof value === 'string' ? Number.parseInt(value, 10) : value;
  const most = NUMBERS[name] ?? 0;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > most)
    throw new RangeError(
      `${name} of connection must be a whole number from 0 to ${most}, got ${show(value)}`,
    );
}

/** Of a connection that the user's function has made; that one is closed. */
function optionsOf(made: unknown): object {
  const redis = made as { options?: unknown; disconnect?: unknown; isCluster?: unknown } | null | undefined;
  if (typeof redis?.options !== 'object' || redis.options === null || typeof redis.disconnect !== 'function')
    throw new TypeError(`connection must make an ioredis connection, got ${show(made)}`);
  redis.disconnect();
  // Its options do not say where it is.
  if (redis.isCluster === true)
    throw new TypeError('connection must make a connection to one engine, or by Sentinels, got a Cluster');
  return redis.options;
}

/**
 * How long each step of an attempt to connect may take: the answer of a Sentinel, which ioredis would await for ever, the socket,
 * the first answer. A second at least, else sooner than `patience`, because by the next attempt there may be another primary, and
 * never long, because a socket that connects keeps the process alive.
 */
export function stepsWithin(patience: number): RedisOptions {
  const step = Math.min(Math.max(1000, patience / 2), 5000);
  return { sentinelCommandTimeout: step, connectTimeout: step, socketTimeout: step };
}

/**
 * One connection, once connected: it does not come back by itself, nor keeps anything to send later, because what it would
 * connect to may have forgotten what this process holds. Does not keep the process alive.
 *
 * @param patience - ms without an answer after which it is given up
 * @param closing - ends an attempt
 * @throws EngineError, `outOfReach` unless the engine has refused it
 */
export async function connect(address: Address, patience: number, closing: AbortSignal): Promise<Redis> {
  const all = await loadIoredis();
  const own: RedisOptions = {
    lazyConnect: true,
    retryStrategy: () => null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    ...stepsWithin(patience),
    disableClientInfo: true,
    disconnectTimeout: 100,
  };
  const redis = open(all, address, own, false);
  let why: unknown;
  redis.on('error', (error) => {
    why ??= error;
  });
  redis.on('connect', () => redis.stream.unref?.());
  const drop = (): void => dropAttempt(redis);
  closing.addEventListener('abort', drop);
  try {
    closing.throwIfAborted();
    await redis.connect();
    redis.options.socketTimeout = patience;
    return redis;
  } catch (error) {
    drop();
    throw asEngineError(why ?? error);
  } finally {
    closing.removeEventListener('abort', drop);
  }
}

/** Timers of ioredis, which keep the process alive. */
interface Timed {
  /** For `socketTimeout`, as long as an answer is due, also once nobody can answer. */
  readonly socketTimeoutTimer?: NodeJS.Timeout;
  /** Begins that. */
  setSocketTimeout?(): void;
  /** As long as it waits for its next attempt to connect. */
  readonly reconnectTimeout?: NodeJS.Timeout | null;
}

/** Ends a connection, once. */
export function hangUp(redis: Redis): void {
  // Each call that fails with the connection does, and ioredis would listen to the socket's end once more.
  const { stream } = redis as { readonly stream?: Redis['stream'] };
  if (stream?.destroyed !== true && stream?.writableEnded !== true) redis.disconnect();
}

/** Of one that is connecting, or closed already, ioredis would wait two seconds for the end, and keep the process alive. */
function dropAttempt(redis: Redis): void {
  if (redis.stream === undefined) redis.disconnect();
  else redis.stream.destroy();
}

/** What an engine answers that is not itself any more, or not yet: another attempt, by another connection, may do. */
const PASSING =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|NOSCRIPT|NOREPLICAS|UNKILLABLE|ERR max number of clients)\b/;

/** Whether that is such an answer. */
export function isPassing(error: unknown): error is Error {
  return error instanceof Error && PASSING.test(error.message);
}

/** What a node of a Cluster answers that has not the keys, and where these are. */
const MOVED = /^MOVED \d+ (\S+)/;

/** What to do where an engine has answered so: '' for another answer. */
export function whereElse({ message }: Error, namespace: string): string {
  const [, node] = MOVED.exec(message) ?? [];
  if (node === undefined) return '';
  return `the namespace ${namespace} is on another node of this Cluster: connect to the primary of its shard, ${node} now (${message})`;
}

export function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const { name, message } = error as Error;
  const refused = name === 'ReplyError' && !isPassing(error);
  return new EngineError(message, { outOfReach: !refused, cause: error });
}

/** What ioredis takes, as it is and not as its types tell: the option that is named first counts. */
type MakeRedis = new (own: RedisOptions, address: Address) => Redis;

/** @param again - whether Sentinels are asked until one answers */
export function open(all: typeof ioredis, address: Address, own: RedisOptions, again: boolean): Redis {
  const options = {
    ...own,
    // Of ioredis 6: BullMQ reads replies in the shapes of RESP2.
    replyMapping: 'legacy' as const,
    ...(typeof address === 'object' && address.sentinels && bySentinels(all, again)),
  };
  return watched(new (all.Redis as unknown as MakeRedis)(options, address));
}

/**
 * What holds for each connection to an engine. An answer that is due does not keep the process alive, nor an attempt to connect to
 * what does not answer: who waits for it does that.
 */
export function watched(redis: Redis): Redis {
  const select = redis.select.bind(redis);
  redis.select = async (db: number) => {
    const { stream } = redis;
    try {
      return await select(db);
    } catch (error) {
      // ioredis would go on in the first database, where nothing is of what is held in this one.
      stream.destroy();
      throw error;
    }
  };
  const timed = redis as unknown as Timed;
  const begin = timed.setSocketTimeout?.bind(redis);
  timed.setSocketTimeout = () => {
    begin?.();
    timed.socketTimeoutTimer?.unref();
  };
  return neverToItself(redis);
}

/**
 * Where nobody listens on a port of this machine, the kernel may give that very port to who connects to it: connected to itself, a
 * connection takes what it sends for answers. Closed at once, before it has read any.
 */
function neverToItself(redis: Redis): Redis {
  return redis.on('connect', () => {
    const { localAddress, localPort, remoteAddress, remotePort } = redis.stream as Socket;
    if (localPort === undefined || localPort !== remotePort || localAddress !== remoteAddress) return;
    redis.stream.destroy(
      new Error(`nobody listens on ${remoteAddress}:${remotePort}: it was connected to itself`),
    );
  });
}

/** Of ioredis' SentinelConnector, what it does not show. */
interface BySentinels {
  readonly options: ioredis.SentinelConnectionOptions;
  readonly connecting: boolean;
  failoverDetector: { cleanup(): void } | null;
  connect(told: (type: string, error: Error) => void): Promise<Redis['stream']>;
  connectToSentinel(sentinel: unknown, options?: RedisOptions): Redis;
  disconnect(): void;
}

/**
 * How ioredis finds the primary where that is asked of Sentinels: as it does by itself, but none of its timers keeps the process
 * alive, so one that waits for nothing ends also where no Sentinel answers.
 *
 * @param again - whether it goes on when none answers
 */
function bySentinels({ SentinelConnector }: typeof ioredis, again: boolean): RedisOptions {
  const Base = SentinelConnector as unknown as new (options: unknown) => BySentinels;
  class Connector extends Base {
    #wake = (): void => {};
    #asked: Redis | undefined;

    override connectToSentinel(sentinel: unknown, options?: RedisOptions): Redis {
      if (options !== undefined)
        return unreferenced(neverToItself(super.connectToSentinel(sentinel, options)));
      const { sentinelCommandTimeout = 0 } = this.options;
      const untimed = { commandTimeout: undefined, disconnectTimeout: 100 };
      const redis = neverToItself(super.connectToSentinel(sentinel, untimed));
      redis.once(
        'end',
        after(sentinelCommandTimeout, () => redis.disconnect()),
      );
      this.#asked = redis;
      return redis;
    }

    override async connect(told: (type: string, error: Error) => void): Promise<Redis['stream']> {
      // What it hears while Sentinels are asked would end the connection for good.
      this.failoverDetector?.cleanup();
      this.failoverDetector = null;
      for (let round = 0; ; round++) {
        try {
          return await super.connect(told);
        } catch (error) {
          if (!again || !this.connecting) throw error;
          told('error', error as Error);
        }
        const woken = new Promise<void>((wake) => {
          this.#wake = wake;
        });
        await Promise.race([pause(backoff(round)), woken]);
        if (!this.connecting) throw new Error('Connection is closed.');
      }
    }

    override disconnect(): void {
      super.disconnect();
      // One that does not answer would be awaited.
      if (this.#asked?.status !== 'end') this.#asked?.disconnect();
      this.#wake();
    }
  }
  // Its type promises no more than these use.
  return { Connector: Connector as never, sentinelRetryStrategy: () => null };
}

/** A connection to a Sentinel that ioredis' failoverDetector hears by: it stays, but does not keep the process alive. */
function unreferenced(redis: Redis): Redis {
  redis.on('connect', () => redis.stream.unref?.());
  return redis.on('reconnecting', () => (redis as unknown as Timed).reconnectTimeout?.unref());
}

/** By another one: nothing of it is done any more. */
export async function dropConnection(redis: Redis, id: number): Promise<void> {
  try {
    await redis.client('KILL', 'ID', id);
  } catch (error) {
    // Not allowed to this user: then an unread call of that connection may still come, and is given back once told of.
    if (asEngineError(error).outOfReach) throw error;
  }
}
