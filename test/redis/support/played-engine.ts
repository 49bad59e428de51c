import { type Observable, Subject } from 'rxjs';
import type { Engine, EngineOperation } from '../../../src/redis/engine.js';
import { EngineError } from '../../../src/redis/errors.js';
import type { FromKeeper, ToKeeper } from '../../../src/redis/keeper-messages.js';
import type { MemorySpace } from '../../../src/redis/memory/space.js';
import { Validity } from '../../../src/redis/validity.js';

interface Call {
  readonly args: readonly [EngineOperation, ...string[]];
  readonly resolve: (reply: readonly string[]) => void;
  readonly reject: (error: unknown) => void;
  reply?: readonly string[];
}

export interface PlayedOptions {
  /** A bug: what a connection had sent when it was cut still reaches the engine, whenever. */
  readonly ghosts: boolean;
}

/**
 * An engine of which each step is made by a test: a call reaches it, its answer comes back, a hint comes or is lost, the
 * connection is cut. One connection keeps its order, as TCP does.
 */
export class PlayedEngine implements Engine {
  readonly #space: MemorySpace;
  readonly #ghostly: boolean;
  readonly #told = new Subject<string>();
  readonly told$: Observable<string> = this.#told;
  readonly #hints: string[] = [];
  #there: Call[] = [];
  #back: Call[] = [];
  #ghosts: Call[] = [];
  #connected = false;

  constructor(space: MemorySpace, { ghosts }: PlayedOptions) {
    this.#space = space;
    this.#ghostly = ghosts;
  }

  call(...args: [EngineOperation, ...string[]]): Promise<readonly string[]> {
    if (!this.#connected) return Promise.reject(new EngineError('cut', { outOfReach: true }));
    return new Promise((resolve, reject) => this.#there.push({ args, resolve, reject }));
  }

  join(): void {}

  async incarnation(): Promise<string> {
    this.#connected = true;
    return 'run';
  }

  async close(): Promise<void> {}

  /** Called by the space. */
  hint(message: string): void {
    this.#hints.push(message);
  }

  /** The moves that can be made now. */
  moves(): (() => void)[] {
    const moves: (() => void)[] = [];
    if (this.#there.length > 0) moves.push(() => this.#reach());
    if (this.#back.length > 0) moves.push(() => this.#answer());
    if (this.#hints.length > 0)
      moves.push(
        () => this.#told.next(this.#hints.shift() ?? ''),
        () => void this.#hints.shift(),
      );
    if (this.#ghosts.length > 0) moves.push(() => this.#haunt());
    if (this.#there.length + this.#back.length > 0) moves.push(() => this.cut());
    return moves;
  }

  #reach(): void {
    const call = this.#there.shift();
    if (call === undefined) return;
    const [operation, ...args] = call.args;
    call.reply = this.#space.call(operation, args);
    this.#back.push(call);
  }

  #answer(): void {
    const call = this.#back.shift();
    call?.resolve(call.reply ?? []);
  }

  #haunt(): void {
    const call = this.#ghosts.shift();
    if (call !== undefined) this.#space.call(call.args[0], call.args.slice(1));
  }

  cut(): void {
    const unanswered = [...this.#back, ...this.#there];
    if (this.#ghostly) this.#ghosts.push(...this.#there);
    this.#there = [];
    this.#back = [];
    this.#connected = false;
    for (const call of unanswered) call.reject(new EngineError('cut', { outOfReach: true }));
    this.#told.next('again');
  }

  /** All that is on its way arrives. false: there was nothing. */
  drain(): boolean {
    const some = this.#there.length + this.#back.length + this.#hints.length + this.#ghosts.length > 0;
    while (this.#there.length > 0) this.#reach();
    while (this.#back.length > 0) this.#answer();
    while (this.#ghosts.length > 0) this.#haunt();
    while (this.#hints.length > 0) this.#told.next(this.#hints.shift() ?? '');
    return some;
  }
}

/** A keeper that announces whatever it is asked to, for ever. */
export function playedKeeper(space: MemorySpace, hear: (message: FromKeeper) => void) {
  let session = '';
  const announce = () =>
    queueMicrotask(() => hear({ kind: 'announced', session, run: 'run', epoch: 0, told: [] }));
  return {
    post(message: ToKeeper): void {
      if (message.kind === 'join') {
        session = message.session;
        space.call('hello', [session, '600000', 'run', '', '0', '0', '{}']);
        new Validity(message.cells).extend({ mono: performance.now() + 1e9, wall: Date.now() }, 600_000);
        announce();
      } else if (message.kind === 'reached') announce();
      else if (message.kind === 'end') queueMicrotask(() => hear({ kind: 'ended' }));
    },
  };
}
