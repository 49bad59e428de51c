import { checkOptions, checkSignal, checkTimeout, type WaitOptions } from '../primitives/options.js';
import { after } from '../primitives/waiting/event-loop.js';
import { onAbort } from '../primitives/waiting/on-abort.js';
import { Wait } from '../primitives/waiting/wait.js';
import type { JobCodec } from './job-codec.js';
import type { JobDesk } from './job-desk.js';
import { type JobHost, jobKey } from './job-host.js';
import { awake, forgetTimer } from './job-link.js';
import { type AskedJob, RemoteRun } from './remote-run.js';
import { STAYS_HERE } from './stays-here.js';

/**
 * A job that waits for its time, in the engine: `pool.timer(...)`. It begins when the interval is over and a process serves
 * the pool, whatever has become of the process that made it.
 *
 * Source: CPython, `threading.Timer`.
 *
 * @example
 * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'timers' });
 * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
 * const timer = machines.pool('paths').timer(60_000, paths.basename, ['/srv/a.txt'], { id: 'soon' });
 * console.log(timer.id); // prints soon
 * await machines.close();
 */
export class RemoteTimer<R> {
  /** See uncloneable.ts. @internal */
  readonly uncloneable: symbol = STAYS_HERE;
  /** As it was given, or the job's. */
  readonly id: string;
  readonly #desk: JobDesk;
  readonly #codec: JobCodec;
  readonly #asked: AskedJob;
  readonly #job: string;
  readonly #added: Promise<void>;
  /** That says which job the timer of the id is. */
  readonly #key: string | undefined;
  #cancelled = false;
  /** The last cancel that was asked for. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(host: JobHost, desk: JobDesk, codec: JobCodec, asked: AskedJob, id: string | undefined) {
    this.#desk = desk;
    this.#codec = codec;
    this.#job = desk.newId();
    this.id = id ?? this.#job;
    this.#key = id === undefined ? undefined : jobKey(host, 't', desk.pool, id);
    this.#asked = asked;
    this.#added = awake(this.#add());
    // Who asks for its result is told as well.
    desk.inBackground(this.#added);
  }

  #add(): Promise<void> {
    const { name, data, options } = this.#asked;
    return new Promise((resolve, reject) =>
      this.#desk.add({
        id: this.#job,
        name,
        data: { ...data, reply: this.#desk.channel },
        options: { ...options, ...(this.#key !== undefined && { timer: this.#key }) },
        outlives: true,
        accepted: () => resolve(),
        refused: reject,
      }),
    );
  }

  /**
   * Takes it out of the queue: true. false: it has begun, or has been cancelled or replaced before.
   *
   * @throws EngineError, ThreadError ERR_POOL when the Machines is closed; both reject
   * @example
   * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'cancel' });
   * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
   * const timer = machines.pool('paths').timer(60_000, paths.basename, ['/srv/a.txt']);
   * console.log(await timer.cancel(), await timer.result()); // prints true undefined
   * await machines.close();
   */
  async cancel(): Promise<boolean> {
    await this.#added;
    // One by one, because what is asked of the engine may be repeated, and of two at once each would be taken for the other's repeat.
    const turn = this.#turn.then(() => awake(this.#desk.asked(() => this.#cancel())));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #cancel(): Promise<boolean> {
    const { queue, link } = this.#desk;
    if (!(await this.#desk.takeOut(this.#job))) return false;
    this.#cancelled = true;
    await queue.remove(this.#job);
    if (this.#key !== undefined) await forgetTimer(link.commands, this.#key, this.#job);
    // Who waits for its result need not wait any longer.
    await this.#desk.look(this.#job);
    return true;
  }

  /**
   * What the target gave; undefined on timeout, and when it was cancelled here. Unsubscribing ends only the waiting.
   *
   * @throws TypeError, RangeError at the call; as the Observable's error the target's, and JobLostError when it is gone:
   * replaced, cancelled elsewhere, or over for longer than `keepResult`
   * @example
   * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'result' });
   * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
   * const timer = machines.pool('paths').timer(60_000, paths.basename, ['/srv/a.txt']);
   * console.log(await timer.result({ timeout: 50 })); // prints undefined
   * await timer.cancel();
   * await machines.close();
   */
  result(options?: WaitOptions): Wait<R | undefined> {
    checkOptions(options, ['timeout', 'signal']);
    const timeout = checkTimeout(options?.timeout);
    const signal = checkSignal(options);
    return new Wait<R | undefined>((settle) => {
      if (signal?.aborted === true) return void settle.reject(signal.reason);
      try {
        this.#desk.checkOpen();
      } catch (error) {
        return void settle.reject(error);
      }
      const ends: (() => void)[] = [];
      const end = (): void => {
        for (const one of ends) one();
      };
      const told = {
        resolve: (value: unknown) => settle.resolve(value as R),
        reject: (error: unknown) => (this.#cancelled ? settle.resolve(undefined) : settle.reject(error)),
      };
      const run = new RemoteRun(this.#desk, this.#codec, { ...this.#asked, detached: true }, told, end);
      run.attach(this.#job, this.#added);
      ends.push(() => run.leave());
      if (timeout !== Number.POSITIVE_INFINITY)
        ends.push(
          after(timeout, () => {
            end();
            run.leaveWith(() => settle.resolve(undefined));
          }),
        );
      if (signal !== undefined)
        ends.push(
          onAbort(signal, () => {
            end();
            run.leaveWith(() => settle.reject(signal.reason));
          }),
        );
      return end;
    });
  }
}
