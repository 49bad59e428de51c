import { BehaviorSubject, distinctUntilChanged, type Observable, Subject } from 'rxjs';
import { after, every, keepAlive } from '../primitives/waiting/event-loop.js';
import { type Settle, Wait } from '../primitives/waiting/wait.js';
import { About } from './about.js';
import { Belongings } from './belongings.js';
import { Calls, type CallsEvents } from './calls.js';
import { endsApart } from './ends-apart.js';
import type { Engine, EngineOperation } from './engine.js';
import { closed, EngineError, LockLostError } from './errors.js';
import { onExit } from './exits.js';
import type { MachinesState } from './info.js';
import type { engineAndKeeper, Keeper } from './keeper.js';
import { KeeperEngine } from './keeper-engine.js';
import type { Blocked, FromKeeper } from './keeper-messages.js';
import { giveStraysBack, Membership } from './membership.js';
import { Openings } from './openings.js';
import type { CheckedOptions } from './options.js';
import { Outage } from './outage.js';
import type { WaitHost, Waiting } from './remote-wait.js';
import type { Validity } from './validity.js';

/**
 * This process's membership of a namespace, and all that it holds and waits for there. What remote objects talk to.
 *
 * CONNECTING -announced-> OPEN <-> CUT; OPEN, CUT -the lease is over-> OVER, then CONNECTING as another session; any -close->
 * CLOSED. The keeper (keeper.ts) decides, in a thread of its own; here it is told to whom it concerns.
 */
export class Session implements WaitHost {
  readonly options: CheckedOptions;
  readonly #hints = new Subject<string>();
  readonly #errors = new Subject<Error>();
  readonly #state = new BehaviorSubject<MachinesState>('connecting');
  /** Hints that belong to no wait: `w ...`, and 'again' after a gap. */
  readonly hint$: Observable<string> = this.#hints.asObservable();
  readonly errors$: Observable<Error> = endsApart(this.#errors);
  readonly state$: Observable<MachinesState> = endsApart(this.#state).pipe(distinctUntilChanged());
  readonly has: Belongings;
  readonly outage: Outage = new Outage((error) => this.tellError(error));
  /** Things of which the engine keeps an entry of the session beside waits and holds. */
  readonly watched: Set<string> = new Set();
  #membership = new Membership();
  readonly #made: typeof engineAndKeeper;
  #engine: Engine | undefined;
  #calls: Calls | undefined;
  /** Whether nothing goes out before the keeper has announced the session; false: it goes by the keeper. */
  #gated = true;
  #keeper: Keeper | undefined;
  #offExit: (() => void) | undefined;
  #ended: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  #stopAsking: (() => void) | undefined;
  #number = 0;
  readonly #about: About;
  readonly #opening = new Openings((ms) => this.outage.timedOut(`open of namespace ${this.namespace}`, ms));

  /** @param made - makes what it talks to */
  constructor(options: CheckedOptions, made: typeof engineAndKeeper) {
    this.options = options;
    this.#made = made;
    this.#about = new About(options.name);
    this.has = new Belongings(options.lease, (message) => this.#keeper?.post(message));
  }

  get id(): string {
    return this.#membership.id;
  }

  get lease(): number {
    return this.options.lease;
  }

  get namespace(): string {
    return this.options.namespace;
  }

  get validity(): Validity {
    return this.#membership.validity;
  }

  get state(): MachinesState {
    return this.#state.value;
  }

  /** Whether what is asked now goes out now. */
  get reachable(): boolean {
    return this.#calls?.open === true && (this.#gated || this.state === 'open');
  }

  /** Whether what is asked now may reach the engine, now or later. */
  get sending(): boolean {
    return this.#calls?.open ?? false;
  }

  /** Of a wait, a hold or a question: never used again. */
  nextNumber(): string {
    return (++this.#number).toString(36);
  }

  /** Connects, if need be. @throws LockLostError when closed */
  start(): Calls {
    if (this.state === 'closed') throw closed();
    if (this.#calls !== undefined) {
      this.#calls.reach();
      return this.#calls;
    }
    const { engine, keeper } = this.#made(this.options, (message) => this.#hear(message));
    engine.join(this.id);
    engine.told$.subscribe((hint) => this.#told(hint));
    this.#engine = engine;
    this.#keeper = keeper;
    this.#gated = !(engine instanceof KeeperEngine);
    const events: CallsEvents = {
      reached: (run) => keeper.post({ kind: 'reached', run }),
      opened: () => this.#opened(),
      refused: (error) => this.#refused(error),
      unreachable: (error) => this.outage.tell(error),
    };
    this.#calls = new Calls(engine, this.lease / 3, events, this.#gated);
    this.#join();
    this.#stopAsking = every(this.lease / 3, () => {
      this.has.askAgain(this.lease / 3);
      const info = this.#about.newsOf(this.id);
      if (info !== undefined) keeper.post({ kind: 'info', info });
    });
    this.#offExit = onExit(() => this.#goodbye());
    this.#calls.reach();
    return this.#calls;
  }

  /** Connects, and settles once connected, or when the engine refuses. Returns how to leave that. */
  opened(timeout: number, signal: AbortSignal | undefined, settle: Settle<void>): (() => void) | undefined {
    const leave = this.#opening.begin(timeout, signal, settle);
    if (this.state === 'closed') this.#opening.reject(closed());
    else if (leave !== undefined && this.start().open && this.reachable) this.#opening.resolve();
    return leave;
  }

  #join(): void {
    const { id, validity } = this.#membership;
    this.#keeper?.post({ kind: 'join', session: id, cells: validity.cells, info: this.#about.of(id) });
  }

  /**
   * Sends the operation with the session as its first argument. Answered once the engine can be reached, in the order of
   * the calls; keeps the process alive until then.
   *
   * @throws LockLostError when this membership ends before; EngineError when the engine refuses
   */
  call(operation: EngineOperation, ...args: readonly string[]): Promise<readonly string[]> {
    return this.#send(operation, [this.id, ...args], this.id, true);
  }

  /** A question of no session: it outlives a membership. Unsubscribing drops it. */
  ask<T>(
    read: (reply: readonly string[]) => T,
    operation: EngineOperation,
    ...args: readonly string[]
  ): Wait<T> {
    return new Wait((settle) =>
      this.state === 'closed' ? settle.reject(closed()) : this.start().ask(read, operation, args, settle),
    );
  }

  /** As `call`, but who calls repeats it: fails, `outOfReach`, where that cannot answer now. */
  attempt(operation: EngineOperation, ...args: readonly string[]): Promise<readonly string[]> {
    return this.#send(operation, [this.id, ...args], this.id, false);
  }

  #send(...asked: Parameters<Calls['send']>): Promise<readonly string[]> {
    return this.state === 'closed' ? Promise.reject(closed()) : (this.#calls ?? this.start()).send(...asked);
  }

  /** How many replicas have what that incarnation was told until now. @throws EngineError when it cannot be told */
  replicated(run: string, replicas: number, ms: number): Promise<number> {
    return this.#engine?.replicated?.(run, replicas, ms) ?? Promise.resolve(0);
  }

  /** For what need not be looked at: what goes wrong is in `errors$`, and never an unhandled rejection. */
  report(promise: Promise<unknown>): Promise<void> {
    const done = promise.then(() => {});
    // What was lost with its session is told by its Held, or by its wait.
    done.catch((error) => error instanceof LockLostError || this.tellError(error));
    return done;
  }

  tellError(error: unknown): void {
    this.#errors.next(error instanceof Error ? error : new Error(String(error)));
  }

  addWait(wait: Waiting): void {
    this.has.addWait(wait);
  }

  removeWait(wait: Waiting): void {
    this.has.removeWait(wait);
  }

  /** Of that incarnation; -1: the session was not announced to it. */
  epochOf(run: string): number {
    return this.#membership.epochOf(run);
  }

  /** Has the keeper wait for a thread that is about to block. @throws LockLostError when closed */
  block(blocked: Blocked): void {
    this.start();
    this.#keeper?.post({ kind: 'block', blocked }, [blocked.port]);
  }

  /** Called by a thread that is about to block, and so may not have been told yet that its session is over. */
  beginAnew(): void {
    if (this.validity.over && this.state !== 'closed') this.#over();
  }

  /** What the keeper has announced while this thread was blocked. */
  learn(run: string, epoch: number): void {
    this.#membership.announced(run, epoch);
  }

  /** Called when the engine does not know the session: the keeper looks whether it is over. */
  notKnown(): void {
    this.has.tellHolds(true);
  }

  #opened(): void {
    this.outage.over();
    this.#opening.resolve();
    this.#again();
  }

  /** There was a gap. */
  #again(): void {
    this.has.askAgain(0);
    this.#hints.next('again');
  }

  #told(hint: string): void {
    if (hint === 'again') {
      // The commands' connection may be gone as well: the first that asks finds out.
      if (this.#calls?.open === true) this.#again();
      this.#calls?.reach();
    } else if (!this.has.told(hint)) this.#hints.next(hint);
  }

  #hear(message: FromKeeper): void {
    if ('session' in message && message.session !== this.id) return;
    switch (message.kind) {
      case 'announced':
        this.#announced(message);
        break;
      case 'restarted':
        this.has.tellHolds(false);
        break;
      case 'renewed':
        this.#renewed(message.entries, message.took);
        break;
      case 'lost':
        for (const number of message.numbers) this.has.hold(number)?.lose('forgotten');
        break;
      case 'back':
        // Released meanwhile, by another connection, before it was brought back.
        if (this.has.hold(message.number) === undefined)
          this.report(this.call('release', message.number, message.thing));
        break;
      case 'cut':
        if (this.state === 'open') this.#state.next('cut');
        break;
      case 'over':
      case 'failed':
        this.#over();
        break;
      case 'refused':
        this.#refused(new EngineError(message.message));
        break;
      case 'warned':
        this.tellError(new EngineError(message.message));
        break;
      case 'ended':
        this.#ended?.();
    }
  }

  #announced({ run, epoch, told }: Extract<FromKeeper, { kind: 'announced' }>): void {
    this.#membership.announced(run, epoch);
    this.has.confirm(told, epoch);
    this.#calls?.announced(run);
    if (this.state !== 'closed') this.#state.next('open');
    if (!this.#gated) this.#opened();
  }

  #renewed(entries: number, took: number): void {
    if (this.state === 'cut') this.#state.next('open');
    this.outage.over();
    if (took > this.lease / 3)
      this.tellError(new EngineError(`a renewal took ${Math.round(took)} ms of a lease of ${this.lease} ms`));
    if (this.#membership.hasStrays(entries, this.has.size + this.watched.size))
      this.report(giveStraysBack(this));
  }

  #refused(error: unknown): void {
    this.#opening.reject(error);
    this.has.failWaits(error);
    this.#calls?.fail(error);
    this.outage.tell(error);
  }

  #over(): void {
    const { id } = this.#membership;
    this.#membership = new Membership();
    this.has.lose('expired');
    this.#state.next('over');
    this.#state.next('connecting');
    this.#engine?.join(this.id);
    this.#join();
    this.#calls?.over(id, new LockLostError('the session is over'));
  }

  /** At the end of the process, after an uncaught error, too: all but a kill is told to others at once. */
  #goodbye(): (() => void) | undefined {
    if (this.validity.over || this.state === 'connecting') return undefined;
    this.#keeper?.post({ kind: 'exit' });
    return this.validity.awaitingGoodbye();
  }

  /** Ends the session: what is held is released, what waits fails. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state.next('closed');
    this.validity.end();
    this.has.lose('closed');
    this.#stopAsking?.();
    this.#offExit?.();
    if (this.#keeper !== undefined) {
      const ended = new Promise<void>((resolve) => {
        this.#ended = resolve;
        after(1000, resolve);
      });
      this.#keeper.post({ kind: 'end' });
      keepAlive(1);
      await ended.finally(() => keepAlive(-1));
    }
    this.#opening.reject(closed());
    this.#calls?.close();
    await this.#engine?.close();
    for (const told of [this.#state, this.#hints, this.#errors]) told.complete();
  }
}
