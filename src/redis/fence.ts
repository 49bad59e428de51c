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
   * @throws LockLostError, so that the transaction rolls back, when a newer token has been here
   */
  sql(transaction: FencedTransaction, held: RemoteHeld, resource?: string): Promise<void>;
  /** DDL for the table. */
  readonly table: string;
  /**
   * Runs commands of a key's slot, all at once, if no newer token has been there. The token is kept at `{key}:fence`, for good.
   *
   * @param client - of ioredis, or what has such an `eval`
   * @param commands - each its name and arguments: `['SET', 'stock', 3]`
   * @throws LockLostError when a newer token has been there; TypeError for no client
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

  async sql(transaction, held, resource = held.name) {
    const { rowCount } = await transaction.query(SQL, [resource, `${held.token}`]);
    if (rowCount !== 1) throw refused(held, resource);
  },

  async redis(client, held, key, ...commands) {
    const { eval: run } = (client ?? {}) as { eval?: unknown };
    if (typeof run !== 'function')
      throw new TypeError(`client must be an ioredis client, got ${show(client)}`);
    for (const command of commands)
      if (!Array.isArray(command) || command.length === 0)
        throw new TypeError(`a command must be a list of its words, got ${show(command)}`);
    const tag = /\{[^}]+\}/.test(key) ? `${key}:fence` : `{${key}}:fence`;
    const words = commands.flatMap((command) => [command.length, ...command]);
    const passed: unknown = await run.call(client, SCRIPT, 2, tag, key, `${held.token}`, ...words);
    if (passed !== 1) throw refused(held, key);
  },

  memory() {
    let highest = 0n;
    return (held) => {
      if (held.token < highest) throw refused(held, held.name);
      highest = held.token;
    };
  },
};

function refused(held: RemoteHeld, resource: string): LockLostError {
  return new LockLostError(`${resource} has seen a newer owner than token ${held.token}`, {
    token: held.token,
  });
}
