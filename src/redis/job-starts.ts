import type { Redis } from 'ioredis';
import { script } from './script/script.js';

type Engine = Redis & { engine(prefix: string, operation: string, count: string): Promise<string[]> };

/** Tokens that are asked for together, behind all commands of a turn. */
interface Minting {
  count: number;
  taken: number;
  answered: boolean;
  /** The first; the others are each one above the other. */
  readonly first: Promise<bigint>;
}

/** Jobs that were handed out, and have not begun; more are asked for their token when they do. */
const MOST_READY = 10_000;

/**
 * The tokens of runs, each above every earlier one of the namespace. Not by way of the session, because they may come from
 * any incarnation of the engine, and a job is not to wait for the keeper.
 *
 * One is asked for right behind each command that may hand out a job, so that it is there as soon as the job is.
 */
export class JobStarts {
  readonly #commands: Engine;
  readonly #prefix: string;
  readonly #gather: (send: () => void) => void;
  /** Of this turn. */
  #minting: Minting | undefined;
  /** By id of the job that was handed out before. */
  readonly #ready = new Map<string, Minting>();

  /** @param gather - runs what is to be sent as the loop turns */
  constructor(commands: Redis, prefix: string, gather: (send: () => void) => void) {
    commands.defineCommand('engine', { numberOfKeys: 1, lua: script });
    this.#commands = commands as Engine;
    this.#prefix = prefix;
    this.#gather = gather;
  }

  /** @param reply - of BullMQ's script, to a command that was just sent: the job's data and its id, if there was one */
  fetching(reply: Promise<unknown>): void {
    const minting = this.#mint();
    reply.then(
      (answer) => {
        const [, id] = Array.isArray(answer) ? answer : [];
        // An answer that came first is of a token from before: the command was sent once more.
        if (typeof id !== 'string' || id === '' || minting.answered) return;
        if (this.#ready.size >= MOST_READY) this.#ready.clear();
        this.#ready.set(id, minting);
      },
      // BullMQ's own.
      () => {},
    );
  }

  /** Of a run of the job that begins now. */
  async token(id: string): Promise<bigint> {
    const minting = this.#ready.get(id) ?? this.#mint();
    this.#ready.delete(id);
    const nth = minting.taken++;
    return (await minting.first) + BigInt(nth);
  }

  #mint(): Minting {
    const known = this.#minting;
    if (known !== undefined) {
      known.count++;
      return known;
    }
    const first = new Promise<bigint>((resolve, reject) =>
      this.#gather(() => {
        this.#minting = undefined;
        this.#commands.engine(this.#prefix, 'mint', `${minting.count}`).then(([token = '']) => {
          minting.answered = true;
          resolve(BigInt(token));
        }, reject);
      }),
    );
    // Perhaps no job has come of it.
    first.catch(() => {});
    const minting: Minting = { count: 1, taken: 0, answered: false, first };
    this.#minting = minting;
    return minting;
  }
}
