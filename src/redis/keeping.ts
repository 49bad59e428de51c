import { after, every } from '../primitives/waiting/event-loop.js';
import type { Engine, EngineOperation } from './engine.js';
import { EngineError } from './errors.js';
import type { FromKeeper, ToKeeper, ToldHold } from './keeper-messages.js';
import { isGone, type Neighbour, neighboursOf, whereabouts } from './neighbours.js';
import { backoff, pause } from './pause.js';
import { type Moment, thisMoment, Validity } from './validity.js';

/** ms that an engine which has just started and does not know the namespace waits for owners of before. */
const SETTLING = 2000;
/** ms. It tells its age in whole seconds of its clock, which may be one more than have passed. */
const JUST_STARTED = SETTLING + 1000;
/** ms between two looks at the processes of this machine. */
const LOOK = 50;
/** Looks between two at the list of members: one that has just come may be killed as well. */
const LOOKS = 20;
/** ms for the goodbye of one that is closed: its thread ends then, whatever the link does. */
const GOODBYE = 1000;
/** ms that the session has to say what it holds before another incarnation is told. */
const REPORT = 5;

export interface KeepingOptions {
  /** ms */
  readonly lease: number;
  readonly grace: boolean;
}

/**
 * Keeps one process's session: renews it every third of a lease, tells when it may be over, and the engine what is held
 * when that may have forgotten. Runs in a thread of its own, which no code of the user's can block.
 */
export class Keeping {
  readonly #engine: Engine;
  readonly #lease: number;
  readonly #grace: boolean;
  /** ms: the longest lease in the namespace, as the engine has told last. Who has it may come back as late as that. */
  #longest: number;
  readonly #post: (message: FromKeeper) => void;
  readonly #me = whereabouts();
  readonly #timers: readonly (() => void)[];
  #session = '';
  #validity = new Validity();
  #info = '';
  /** What the engine has not heard of this process. */
  #news = '';
  #holds: readonly ToldHold[] = [];
  /** The incarnation that the session was announced to last; '': none yet. */
  #run = '';
  #joined = false;
  #renewing = false;
  #again = false;
  #tellHolds = false;
  /** The session waits to be announced. */
  #asked = false;
  #anew = false;
  /** Why the engine could not be used the last time. */
  #refused = '';
  #waiting = false;
  #neighbours: Neighbour[] = [];
  #looks = 0;
  #sweep: (() => void) | undefined;
  #ended = false;

  constructor(engine: Engine, { lease, grace }: KeepingOptions, post: (message: FromKeeper) => void) {
    this.#engine = engine;
    this.#lease = lease;
    this.#grace = grace;
    this.#longest = lease;
    this.#post = post;
    this.#timers = [
      every(lease / 3, () => this.#beat()),
      every(Math.max(5, lease / 50), () => this.#watch()),
      every(LOOK, () => this.#look()),
    ];
  }

  hear(message: ToKeeper): void {
    switch (message.kind) {
      case 'join':
        this.#session = message.session;
        this.#validity = new Validity(message.cells);
        this.#joined = false;
        this.#holds = [];
        this.#info = this.#news = JSON.stringify({ ...message.info, ...this.#me });
        this.#engine.join(message.session);
        this.#beat();
        break;
      case 'reached':
        if (this.#joined && message.run === this.#run) this.#announce([]);
        else {
          this.#asked = true;
          this.#anew = this.#joined;
          this.#beat();
        }
        break;
      case 'holds':
        this.#holds = message.holds;
        this.#tellHolds ||= message.now;
        if (message.now) this.#beat();
        break;
      case 'waiting':
        this.#waiting = message.waiting;
        if (message.waiting) void this.#meet();
        break;
      case 'info':
        this.#info = this.#news = JSON.stringify({ ...message.info, ...this.#me });
        break;
      case 'exit':
        void this.#goodbye(true);
        break;
      case 'end':
        void this.#end();
    }
  }

  /** Threads that are blocked, for which this keeper waits. */
  blocked = 0;

  /** The incarnation that the session was announced to, and which one that is. */
  get announcedTo(): { readonly run: string; readonly epoch: number } {
    return { run: this.#run, epoch: this.#validity.epoch };
  }

  /** Whether anything of the session waits. */
  get #waits(): boolean {
    return this.#waiting || this.blocked > 0;
  }

  #beat(): void {
    if (this.#renewing) this.#again = true;
    else void this.#renew();
  }

  /** Until it is answered, or the session is over. */
  async #renew(): Promise<void> {
    this.#renewing = true;
    let begun = thisMoment();
    for (let attempt = 0; !this.#ended && this.#session !== ''; attempt++) {
      this.#again = false;
      const session = this.#session;
      try {
        await this.#renewOnce(session, begun);
        if (!this.#again) break;
        attempt = 0;
        begun = thisMoment();
      } catch (error) {
        if (this.#ended) break;
        if (!(error instanceof EngineError && error.outOfReach)) {
          this.#tellRefused((error as Error).message);
          break;
        }
        this.#post({ kind: 'cut' });
        await pause(Math.min(backoff(attempt), this.#lease / 6));
      }
    }
    this.#renewing = false;
  }

  /** Once, and again to who has asked. */
  #tellRefused(message: string): void {
    if (message === this.#refused && !this.#asked) return;
    this.#refused = message;
    this.#asked = false;
    this.#post({ kind: 'refused', message });
  }

  /** @param begun - the first attempt to renew */
  async #renewOnce(session: string, begun: Moment): Promise<void> {
    const anew = this.#anew;
    this.#anew = false;
    const run = await this.#engine.incarnation(anew);
    const another = run !== this.#run;
    const validity = this.#validity;
    if (another && this.#joined) {
      this.#post({ kind: 'restarted' });
      await pause(REPORT);
    }
    if (session !== this.#session || validity.over) return;
    const tells = another || this.#tellHolds;
    const holds = tells ? this.#holds : [];
    const news = another || !this.#joined ? this.#info : this.#news;
    const joined = this.#joined;
    const sent = thisMoment();
    const reply = await this.#engine.call(
      joined ? 'renew' : 'hello',
      session,
      `${this.#lease}`,
      run,
      this.#run,
      `${this.#settling()}`,
      `${this.#grace ? this.#longest : 0}`,
      news,
      ...holds.flat(),
    );
    if (session !== this.#session || validity.over) return;
    if (reply[0] === '-4')
      throw new EngineError(
        `the namespace is used with protocol ${reply[1]}, by another version of this package`,
      );
    if (reply[0] !== '1') {
      this.#over();
      return;
    }
    if (another) validity.nextEpoch();
    validity.extend(sent, this.#lease);
    this.#run = run;
    this.#joined = true;
    this.#refused = '';
    if (this.#news === news) this.#news = '';
    if (tells && holds === this.#holds) this.#tellHolds = false;
    this.#answered(reply, joined ? begun : sent);
    // After what was lost: it is not to be taken for told.
    if (another || !joined || tells || this.#asked) this.#announce(holds.map(([, number]) => number));
    this.#lookIn(Number(reply[1]));
    await this.#meet();
  }

  #answered(reply: readonly string[], begun: Moment): void {
    const session = this.#session;
    this.#longest = Number(reply[3]);
    const lost = Number(reply[4]);
    if (lost > 0) this.#post({ kind: 'lost', session, numbers: reply.slice(5, 5 + lost) });
    for (let at = 5 + lost; at + 1 < reply.length; at += 2)
      this.#post({ kind: 'back', session, number: reply[at] ?? '', thing: reply[at + 1] ?? '' });
    const took = thisMoment().mono - begun.mono;
    this.#post({ kind: 'renewed', session, entries: Number(reply[2]), took });
  }

  #announce(told: readonly string[]): void {
    this.#asked = false;
    const { epoch } = this.#validity;
    this.#post({ kind: 'announced', session: this.#session, run: this.#run, epoch, told });
  }

  #settling(): number {
    const { age = JUST_STARTED } = this.#engine;
    return this.#grace && age < JUST_STARTED ? SETTLING : 0;
  }

  #watch(): void {
    this.#validity.beat();
    if (this.#joined && this.#validity.expires()) this.#tellOver();
  }

  #over(): void {
    if (this.#validity.end()) this.#tellOver();
  }

  #tellOver(): void {
    const session = this.#session;
    this.#session = '';
    this.#joined = false;
    this.#sweep?.();
    this.#post({ kind: 'over', session });
  }

  /** Who waits wants to know at once when somebody else's session ends. */
  #lookIn(ms: number): void {
    this.#sweep?.();
    if (ms < 0 || this.#ended) return;
    // Jittered, so that not all do it at once.
    this.#sweep = after(ms + 1 + Math.random() * Math.min(20, this.#lease / 50), async () => {
      try {
        const [next] = await this.#tell('sweep', this.#session);
        this.#lookIn(Number(next));
      } catch {
        // The next renewal, by another connection, does it.
      }
    });
  }

  async #meet(): Promise<void> {
    if (this.#me === undefined || !this.#waits || !this.#joined) return;
    try {
      this.#neighbours = neighboursOf(await this.#engine.call('members'), this.#me);
    } catch {
      // The next renewal, by another connection, does it.
    }
  }

  /** The kernel knows at once of a process of this machine that was killed; the engine, when its lease is over. */
  #look(): void {
    if (!this.#waits || !this.#joined) return;
    if (++this.#looks % LOOKS === 0) {
      this.#lookIn(0);
      void this.#meet();
    }
    for (const neighbour of this.#neighbours) {
      if (!isGone(neighbour)) continue;
      this.#neighbours = this.#neighbours.filter((other) => other !== neighbour);
      // Unanswered, the end of the lease tells it.
      this.#tell('bye', neighbour.session, '1').catch(() => {});
    }
  }

  /** What ends sessions goes to no incarnation that has not heard of this one: it would grant before its grace has begun. */
  async #tell(operation: EngineOperation, ...args: readonly string[]): Promise<readonly string[]> {
    const { run = this.#run } = this.#engine;
    if (run !== this.#run) throw new EngineError('the engine is another', { outOfReach: true });
    return this.#engine.call(operation, ...args);
  }

  async #goodbye(died: boolean): Promise<void> {
    const session = this.#session;
    this.#session = '';
    // The connection may have broken since the last renewal.
    const say = async (): Promise<void> => {
      await this.#engine.incarnation();
      await this.#tell('bye', session, died ? '1' : '0');
    };
    try {
      if (session !== '' && this.#run !== '') await say().catch(say);
    } catch {
      // Out of reach: the end of the lease tells it.
    }
    this.#validity.saidGoodbye();
  }

  async #end(): Promise<void> {
    this.#ended = true;
    for (const stop of this.#timers) stop();
    this.#sweep?.();
    // Unanswered by then, the end of the lease tells it.
    await Promise.race([this.#goodbye(false), pause(GOODBYE)]);
    await this.#engine.close();
    this.#post({ kind: 'ended' });
  }
}
