import { show } from '../primitives/options.js';
import { LockLostError } from './errors.js';
import type { RemoteHeld } from './remote-held.js';

/** What `fence.sql` needs of a transaction; that of `pg` will do. */
export interface FencedTransaction {
  /** Runs a statement with its values, and tells how many rows it has changed. */
  query(text: string, values: unknown[]): Promise<{ rowCount: number | null }>;
}

/** What `fence` is. */
export interface Fence {
  /**
   * Says in a transaction who writes: no older owner can any more. Holds the row until the transaction ends, so two owners
   * cannot even interleave. Say it before the first read of what is guarded, not only before the write. One statement of
   * the dialect of Postgres, SQLite and CockroachDB; table `rxjs_threading_fence`.
   *
   * @param resource - what is guarded; default: the lock's name
   * @throws LockLostError, so that the transaction rolls back, when a newer token has been here; TypeError for no transaction,
   * RemoteHeld or name
   */
  sql(transaction: FencedTransaction, held: RemoteHeld, resource?: string): Promise<void>;
  /** DDL for the table, for one process: of several at once Postgres fails all but one, though it says IF NOT EXISTS. */
  readonly table: string;
  /**
   * Runs commands of a key's slot, all at once, if no newer token has been there; one that fails leaves what those before it have
   * done. The token is kept at `{key}:fence`, for good.
   *
   * @param client - of ioredis, or what has such an `eval`; without a `keyPrefix`, as keys in commands are the engine's own
   * @param commands - each its name and arguments, texts, numbers and Buffers, 7000 words at most: `['SET', 'stock', 3]`
   * @throws LockLostError when a newer token has been there; TypeError for no client, RemoteHeld, key or command
   */
  redis(
    client: unknown,
    held: RemoteHeld,
    key: string,
    ...commands: readonly (readonly unknown[])[]
  ): Promise<void>;
  /** For any store with a compare: a check that remembers the highest token in memory of this process, for tests and proxies. */
  memory(): (held: RemoteHeld) => void;
}

const SQL =
  'INSERT INTO rxjs_threading_fence AS f (resource, token) VALUES ($1, $2) ' +
  'ON CONFLICT (resource) DO UPDATE SET token = excluded.token WHERE f.token <= excluded.token';

// Each command: how many words it has, then those.
const SCRIPT = `if tonumber(ARGV[1]) < tonumber(redis.call('GET', KEYS[1]) or '0') then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
local at = 2
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, at + words))
  at = at + words + 1
end
return 1`;

/**
 * What makes a lost lease harmless: the resource itself refuses who carries an older token than it has seen. Python has no
 * such thing. Source: Martin Kleppmann, "How to do distributed locking", fencing tokens.
 *
 * @example
 * const machines = new Machines({ connection: 'memory', namespace: 'shop' });
 * const check = fence.memory();
 * const first = await machines.lock('stock').hold();
 * first.release();
 * const second = await machines.lock('stock').hold();
 * check(second);
 * try {
 *   check(first);
 * } catch (error) {
 *   console.log(error instanceof LockLostError); // prints true
 * }
 * await machines.close();
 */
export const fence: Fence = {
  table: 'CREATE TABLE IF NOT EXISTS rxjs_threading_fence (resource text PRIMARY KEY, token bigint NOT NULL)',

  async sql(transaction, held, resource = held?.name) {
    checkHeld(held);
    checkText('resource', resource);
    if (typeof (transaction as Partial<FencedTransaction> | undefined)?.query !== 'function')
      throw new TypeError(`transaction must have a query, got ${show(transaction)}`);
    const { rowCount } = await transaction.query(SQL, [resource, `${held.token}`]);
    if (rowCount !== 1) throw refused(held, resource);
  },

  async redis(client, held, key, ...commands) {
    checkHeld(held);
    checkText('key', key);
    const { eval: run, options } = (client ?? {}) as { eval?: unknown; options?: { keyPrefix?: unknown } };
    if (typeof run !== 'function')
      throw new TypeError(`client must be an ioredis client, got ${show(client)}`);
    if (options?.keyPrefix)
      throw new TypeError(`client must have no keyPrefix, got ${show(options.keyPrefix)}: no command has it`);
    for (const command of commands) checkCommand(command);
    const tag = /\{[^}]+\}/.test(key) ? `${key}:fence` : `{${key}}:fence`;
    const words = commands.flatMap((command) => [command.length, ...command]);
    const passed: unknown = await run.call(client, SCRIPT, 2, tag, key, `${held.token}`, ...words);
    if (passed !== 1) throw refused(held, key);
  },

  memory() {
    let highest = 0n;
    return (held) => {
      checkHeld(held);
      if (held.token < highest) throw refused(held, held.name);
      highest = held.token;
    };
  },
};

/** Also one of another copy of this package. A Held of this process's own has no token. @throws TypeError */
function checkHeld(held: unknown): void {
  if (typeof (held as Partial<RemoteHeld> | undefined)?.token !== 'bigint')
    throw new TypeError(`held must be a RemoteHeld, got ${show(held)}`);
}

/** @throws TypeError */
function checkText(what: string, text: unknown): void {
  if (typeof text !== 'string') throw new TypeError(`${what} must be a string, got ${show(text)}`);
}

/** Lua's `unpack` gives so many for sure; with more the script would fail after it has run the commands before. */
const MOST_WORDS = 7000;

/** A list among the words would be taken apart, and what is in it for commands of its own. @throws TypeError */
function checkCommand(command: unknown): void {
  if (!Array.isArray(command) || command.length === 0)
    throw new TypeError(`a command must be a list of its words, got ${show(command)}`);
  if (command.length > MOST_WORDS)
    throw new TypeError(`a command must have at most ${MOST_WORDS} words, got ${command.length}: split it`);
  for (const word of command)
    if (!['string', 'number', 'bigint'].includes(typeof word) && !Buffer.isBuffer(word))
      throw new TypeError(`a word of a command must be a string, a number or a Buffer, got ${show(word)}`);
}

function refused(held: RemoteHeld, resource: string): LockLostError {
  return new LockLostError(`${resource} has seen a newer owner than token ${held.token}`, {
    token: held.token,
  });
}
