import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { JobCalls } from './job-calls.js';
import type { JobHost } from './job-host.js';
import { pause } from './pause.js';
import { script, withJobAdd, withJobMove, withJobUnschedule } from './script/script.js';

/** What is done in the same call that ends a job for BullMQ: it is told of, and no key of ours of it is left. */
export interface JobEnding {
  readonly id: string;
  readonly as: 'completed' | 'failed';
  /** BullMQ's, by which the job is the run's. */
  readonly lock: string;
  /** '': nobody is told. */
  readonly channel: string;
  /** Packed for it: see job-messages.ts. */
  readonly message: string;
  /** The key of a cancel of it. */
  readonly cancel: string;
  /** The key of those who share it; '': it is not shared. */
  readonly sharers: string;
  /** The key that has its id, by which it is known; '': none. */
  readonly named: string;
  /** Called when it was done. */
  readonly done: () => void;
}

/** Commands on their way to the engine. */
export interface Outgoing {
  /** Runs it as the loop turns; what is sent until then goes out together. */
  gather(send: () => void): void;
  /** Sends what is to be told by now. */
  tell(): void;
  /** What is gathered does not wait for the loop to turn. */
  goOut(): void;
}

type Move = (args: readonly unknown[]) => Promise<unknown>;
type Engine = Redis & { engine(prefix: string, operation: string, count: string): Promise<string[]> };

/** BullMQ's commands that may hand out a job, by name and version. Finished ends one as well; Delayed puts one off. */
const MOVES = /^moveTo(Active|Delayed|Finished):/;
const FINISHED = /^moveToFinished:/;
const ACTIVE = /^moveToActive:/;
/** By them goes on what is there, also while the engine is full, and as soon as it is not busy. */
const GOES_ON = /^(extendLocks|moveStalledJobsToWait|updateData|updateJobScheduler):/;
/** Those that add a job. */
const ADDS = /^add(Delayed|Prioritized|Standard)Job:/;
/** How many these are. */
const ALL_ADDS = 3;
/** That ends a schedule. */
const UNSCHEDULES = /^removeJobScheduler:/;
/** Those that put a job back, and hand out none. */
const BACK = /^(retryJob|moveJobFromActiveToWait):/;
/** That puts back one that has failed for good, and answers 1. */
const AGAIN = /^reprocessJob:/;
/** Where Finished has the jobs that have ended so, the job's key, what becomes of the job, and the run's lock with more, packed. */
const ENDED = 10;
const JOB = 11;
const TARGET = 18;
const OPTIONS = 21;
/** Where Active has the keys that say whether more jobs wait, and the marker that wakes who waits for them. */
const WAITING: readonly (readonly [at: number, name: string])[] = [
  [0, ':wait'],
  [2, ':prioritized'],
  [6, ':delayed'],
  [10, ':marker'],
];

/** Where an answer says that no other job waits. */
const LAST = 5;
/** What Active answers where there is no job. */
const NOTHING: readonly number[] = [0, 0, 0, 0];

/** ms until an engine that refuses a job is asked for one again. */
const REFUSED = 500;
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
  readonly #host: JobHost;
  readonly #outgoing: Outgoing;
  /** Of jobs that were handed out, by id. */
  readonly #tokens = new Map<string, bigint>();
  /** Of runs that have ended, by key of the job that is to be moved. */
  readonly #endings = new Map<string, JobEnding>();
  /**
   * Keys of the jobs that wait, where there were no more as one was handed out in this tick. Who is told so waits for the
   * marker, and is woken by every job that came since. Not told in a later tick: whoever asks then may have been woken by the
   * marker, which is gone with that.
   */
  readonly #drained = new Set<unknown>();
  /** Of the script by which a job was added last. */
  #lastAdded: JobCalls | undefined;
  /** How often the connection has ended: what was not answered by then is sent again. */
  #ends = 0;
  /** Of BullMQ's three scripts that add a job, those that are wrapped. */
  readonly #adds = new Set<string>();

  /** @param commands - BullMQ defines its scripts on it later */
  constructor(commands: Redis, host: JobHost, outgoing: Outgoing) {
    this.#commands = commands as Engine;
    this.#host = host;
    this.#outgoing = outgoing;
    commands.on('close', () => {
      this.#ends++;
    });
    commands.defineCommand('engine', { numberOfKeys: 1, lua: script });
    const define = commands.defineCommand.bind(commands);
    commands.defineCommand = (name, definition) => {
      // Nothing may stand before a script's own first line.
      const isMarked = definition.lua.startsWith('#!');
      // A first write that takes no room, because the engine lets a script that has written go on, also while it is full.
      if (GOES_ON.test(name) && !isMarked)
        definition = { ...definition, lua: `redis.call('PERSIST', KEYS[1])\n${definition.lua}` };
      if (UNSCHEDULES.test(name) && !isMarked)
        definition = { ...definition, lua: withJobUnschedule(definition.lua) };
      define(name, definition);
      const defined = commands as unknown as Record<string, Move>;
      const bare = defined[name]?.bind(commands) as Move;
      if (BACK.test(name)) defined[name] = (args) => this.#once(bare, args);
      if (AGAIN.test(name)) defined[name] = (args) => this.#once(bare, args, undefined, 1);
      if (UNSCHEDULES.test(name) && !isMarked) defined[name] = (args) => this.#unschedule(bare, args);
      if (GOES_ON.test(name)) defined[name] = (args) => this.#host.untilItself(() => bare(args));
      const [, adds] = ADDS.exec(name) ?? [];
      const isAdd = adds !== undefined;
      if ((!isAdd && !MOVES.test(name)) || isMarked) return;
      if (isAdd) this.#adds.add(adds);
      const together = `${name}, together`;
      define(together, { numberOfKeys: 1, lua: (isAdd ? withJobAdd : withJobMove)(definition.lua) });
      const send = defined[together]?.bind(commands) as Move;
      const calls = this.#calls(send, definition.numberOfKeys ?? 0, isAdd);
      if (isAdd) defined[name] = this.#adding(calls, defined[name] as Move);
      else if (ACTIVE.test(name)) defined[name] = (args) => this.#activate(calls, args);
      else defined[name] = (args) => this.#move(calls, args, FINISHED.test(name));
    };
  }

  #calls(send: Move, keys: number, isAdd: boolean): JobCalls {
    const meta = `${this.#host.prefix}meta`;
    // A job that is added is to be there soon; many come in one tick.
    if (isAdd)
      return new JobCalls(
        (calls) => send([meta, calls]),
        keys,
        (flush) => process.nextTick(flush),
      );
    const { gather, tell, goOut } = this.#outgoing;
    const sendMoves = (calls: Buffer): Promise<unknown> => {
      // Nothing is told of a job behind its end.
      tell();
      const moved = send([meta, calls]);
      // The engine has something to do while this process goes on with what else was answered.
      goOut();
      return moved;
    };
    return new JobCalls(sendMoves, keys, gather);
  }

  /** Whether a timer takes its id as its job is added; once BullMQ has defined its scripts. */
  get namesTimers(): boolean {
    return this.#adds.size === ALL_ADDS;
  }

  /** @param alone - the same, of whoever it is called on */
  #adding(calls: JobCalls, alone: Move): Move {
    const add = (args: readonly unknown[]): Promise<unknown> => {
      // Jobs are added in the order in which they come, also by another script.
      if (this.#lastAdded !== calls) this.#lastAdded?.flush();
      this.#lastAdded = calls;
      return calls.ask(args);
    };
    // BullMQ's addBulk, say, calls it on a pipeline, and takes that one's answers.
    return function (this: { readonly isPipeline?: boolean }, args) {
      return this.isPipeline === true ? alone.call(this, args) : add(args);
    };
  }

  /** Who asks for more in the tick in which a job came as the last is not to ask in vain. */
  async #activate(calls: JobCalls, args: readonly unknown[]): Promise<unknown> {
    const [wait] = args;
    if (this.#drained.has(wait)) return NOTHING;
    const answer = await this.#move(calls, args, false, markerOf(args)).catch(async (error: Error) => {
      // BullMQ would ask again at once.
      if (error.name === 'ReplyError') await pause(REFUSED);
      throw error;
    });
    if (Array.isArray(answer) && answer[LAST] !== undefined) {
      this.#drained.add(wait);
      process.nextTick(() => this.#drained.delete(wait));
    }
    return answer;
  }

  async #move(calls: JobCalls, args: readonly unknown[], ends: boolean, marker = ''): Promise<unknown> {
    const ending = ends ? this.#take(args) : undefined;
    const { id: job = '', channel = '', message = '', cancel = '', sharers = '', named = '' } = ending ?? {};
    const own = [`${this.#host.prefix}meta`, job, channel, message, cancel, sharers, named, marker];
    const answer = await this.#once(
      (given) => calls.ask(given, own),
      args,
      ends ? () => this.#hasEnded(args, ending) : undefined,
    );
    if (!(Number(answer) < 0)) ending?.done();
    const [, id, , , token] = Array.isArray(answer) ? answer : [];
    if (token !== undefined) this.#ready(id, BigInt(token));
    return answer;
  }

  async #unschedule(bare: Move, args: readonly unknown[]): Promise<unknown> {
    const asked = `${this.#host.prefix}u:${randomUUID()}`;
    const answer = await bare([...args, asked]);
    if (answer === 0) this.#commands.del(asked).catch((error) => this.#host.report(error));
    return answer;
  }

  /**
   * Where the answer was lost, the move is sent again, and refused if it had been carried out: the job was the run's no more. One
   * that was to end has ended then.
   *
   * @param done - what one is answered that was carried out
   */
  async #once(move: Move, args: readonly unknown[], hasEnded = async () => true, done = 0): Promise<unknown> {
    const ends = this.#ends;
    const answer = await this.#host.untilItself(() => move(args));
    if (!(Number(answer) < 0) || ends === this.#ends) return answer;
    return (await hasEnded()) ? done : answer;
  }

  /** @param ending - undefined: of a job that was to end otherwise, or by another run */
  async #hasEnded(args: readonly unknown[], ending: JobEnding | undefined): Promise<boolean> {
    if (ending === undefined) return false;
    const commands = this.#commands;
    return this.#host.untilItself(
      async () =>
        (await commands.zscore(args[ENDED] as string, ending.id)) !== null ||
        (await commands.exists(args[JOB] as string)) === 0,
    );
  }

  /** Of the run whose move it is: another of the same job may end here at the same time, which has the job no more. */
  #take(args: readonly unknown[]): JobEnding | undefined {
    const key = args[JOB] as string;
    const ending = this.#endings.get(key);
    if (ending === undefined || ending.as !== args[TARGET] || !hasText(args[OPTIONS], ending.lock)) return;
    this.#endings.delete(key);
    return ending;
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
    const [token = ''] = await this.#commands.engine(this.#host.prefix, 'mint', '1');
    return BigInt(token);
  }

  /** Goes with the run's move of the job, if that ends it so. @param job - its key */
  endWith(job: string, ending: JobEnding): void {
    this.#endings.set(job, ending);
  }

  /** The run's job was moved: what is still to go with that does not. @param job - its key */
  forget(job: string, lock: string): void {
    if (this.#endings.get(job)?.lock === lock) this.#endings.delete(job);
  }
}

/** '' where BullMQ has its keys in another order. */
function markerOf(args: readonly unknown[]): string {
  return WAITING.every(([at, name]) => `${args[at]}`.endsWith(name)) ? `${args[10]}` : '';
}

/** Whether what BullMQ has packed has it: behind its length, as one lock begins with another. */
function hasText(packed: unknown, text: string): boolean {
  const bytes = Buffer.isBuffer(packed) ? packed : Buffer.from(packed as Uint8Array);
  const at = bytes.indexOf(text);
  return at > 0 && bytes[at - 1] === Buffer.byteLength(text);
}
