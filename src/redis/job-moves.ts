import type { Redis } from 'ioredis';
import { script, withJobMove } from './script/script.js';

/** What is told in the same call that ends a job for BullMQ. */
export interface JobEnding {
  readonly channel: string;
  /** Packed for it: see job-messages.ts. */
  readonly message: string;
  /** The key of a cancel of it. */
  readonly cancel: string;
  /** Called when it has been told. */
  readonly told: () => void;
}

type Move = (args: readonly unknown[]) => Promise<unknown>;
type Engine = Redis & { engine(prefix: string, operation: string, count: string): Promise<string[]> };

/** BullMQ's commands that may hand out a job, by name and version. Finished ends one as well; Delayed puts one off. */
const MOVES = /^moveTo(Active|Delayed|Finished):/;
const FINISHED = /^moveToFinished:/;
const ACTIVE = /^moveToActive:/;
/** Where Finished has the job's key, and what becomes of the job. */
const JOB = 11;
const TARGET = 18;
/** Where Active and Finished have the keys that say whether more jobs wait; the marker that wakes who waits is the last of all. */
const WAITING: readonly (readonly [at: number, name: string])[] = [
  [0, ':wait'],
  [2, ':prioritized'],
  [6, ':delayed'],
];

/** Jobs that were handed out, and have not begun; more ask for their token when they do. */
const MOST_READY = 10_000;

/**
 * BullMQ's moves of jobs, and what goes with them in the same call: the token of a run, as its job is handed out, above every
 * earlier one of the namespace; and what is told of a job's end. A call of its own for each would cost the engine as much as a
 * move does, and the job the time.
 *
 * Where BullMQ has these commands no more, each is done by itself.
 */
export class JobMoves {
  readonly #commands: Engine;
  readonly #prefix: string;
  readonly #gather: () => void;
  /** Of jobs that were handed out, by id. */
  readonly #tokens = new Map<string, bigint>();
  /** By key of the job that is to be moved. */
  readonly #endings = new Map<string, JobEnding>();
  /**
   * By key of the jobs that wait: there were no more as one was handed out in this tick, and when the next one is due. Who is
   * told so waits for the marker, and is woken by every job that came since. Not told in a later tick: whoever asks then may
   * have been woken by the marker, which is gone with that.
   */
  readonly #drained = new Map<string, number>();

  /** @param commands - BullMQ defines its scripts on it later */
  constructor(commands: Redis, prefix: string, gather: () => void) {
    this.#commands = commands as Engine;
    this.#prefix = prefix;
    this.#gather = gather;
    commands.defineCommand('engine', { numberOfKeys: 1, lua: script });
    const define = commands.defineCommand.bind(commands);
    commands.defineCommand = (name, definition) => {
      define(name, definition);
      // Nothing may stand before a script's own first line.
      if (!MOVES.test(name) || definition.lua.startsWith('#!')) return;
      const own = `${name}, with more`;
      define(own, { ...definition, lua: withJobMove(definition.lua) });
      const defined = commands as unknown as Record<string, Move>;
      const move = defined[own]?.bind(commands) as Move;
      const keys = definition.numberOfKeys ?? 0;
      defined[name] = (args) => {
        const due = ACTIVE.test(name) ? this.#drained.get(args[0] as string) : undefined;
        if (due === undefined) return this.#move(move, args, keys, FINISHED.test(name));
        return Promise.resolve([0, 0, 0, due]);
      };
    };
  }

  async #move(move: Move, args: readonly unknown[], keys: number, ends: boolean): Promise<unknown> {
    const ending = ends && args[TARGET] === 'completed' ? this.#endings.get(args[JOB] as string) : undefined;
    if (ending !== undefined) this.#endings.delete(args[JOB] as string);
    const { channel = '', message = '', cancel = '' } = ending ?? {};
    this.#gather();
    const answer = await move([
      ...args,
      `${this.#prefix}meta`,
      channel,
      message,
      cancel,
      markerOf(args, keys),
    ]);
    if (!(Number(answer) < 0)) ending?.told();
    const [, id, , , token, due] = Array.isArray(answer) ? answer : [];
    if (token !== undefined) this.#ready(id, BigInt(token));
    if (due !== undefined) {
      this.#drained.set(args[0] as string, due);
      process.nextTick(() => this.#drained.clear());
    }
    return answer;
  }

  #ready(id: string, token: bigint): void {
    if (this.#tokens.size >= MOST_READY) this.#tokens.clear();
    this.#tokens.set(id, token);
  }

  /** Of a run of the job that begins now. Not by way of the session, as a job is not to wait for the keeper. */
  token(id: string): bigint | Promise<bigint> {
    const known = this.#tokens.get(id);
    this.#tokens.delete(id);
    return known ?? this.#mint();
  }

  async #mint(): Promise<bigint> {
    const [token = ''] = await this.#commands.engine(this.#prefix, 'mint', '1');
    return BigInt(token);
  }

  /** The next move that completes the job tells of it. @param job - its key */
  tellWith(job: string, ending: JobEnding): void {
    this.#endings.set(job, ending);
  }

  /** The job was moved: no move told of it, if there is still anything to tell. */
  forget(job: string): void {
    this.#endings.delete(job);
  }
}

/** The last of a move's keys, where that is known to be the marker; else ''. */
function markerOf(args: readonly unknown[], keys: number): string {
  const marker = `${args[keys - 1]}`;
  const isKnown = WAITING.every(([at, name]) => `${args[at]}`.endsWith(name));
  return isKnown && marker.endsWith(':marker') ? marker : '';
}
