import { store, wake } from '../primitives/memory/word.js';
import { every, now } from '../primitives/waiting/event-loop.js';
import { Calls } from './calls.js';
import type { Engine, EngineOperation } from './engine.js';
import { EngineError, LockLostError } from './errors.js';
import { failureOf } from './keeper-engine.js';
import type { Answer, Blocked, FromKeeper, ToKeeper, Unblocked } from './keeper-messages.js';
import { RemoteWait, replyOf, type WaitHost, type Waiting } from './remote-wait.js';

/** Operations that who asks repeats itself, once the session is announced again. */
const ATTEMPTED: ReadonlySet<EngineOperation> = new Set([
  'acquire',
  'await',
  'arrive',
  'wait',
  'watch',
  'unwatch',
]);

/** What KeeperCalls needs of the keeper that it is a part of. */
export interface KeeperHost {
  hear(message: ToKeeper): void;
  /** Its session's incarnation of the engine, and the number of that. */
  readonly announcedTo: { readonly run: string; readonly epoch: number };
  /** How many threads are blocked, and so want to know of deaths at once. */
  blocked: number;
}

/**
 * In the keeper of a worker: what the worker asks the engine for goes by the keeper's connections, so that a worker that
 * blocks can be waited for here, behind all that it has asked for before.
 */
export class KeeperCalls {
  readonly #engine: Engine;
  readonly #post: (message: FromKeeper) => void;
  readonly #keeper: KeeperHost;
  readonly #calls: Calls;
  readonly #waits = new Map<string, Waiting>();

  constructor(engine: Engine, lease: number, keeper: KeeperHost, post: (message: FromKeeper) => void) {
    this.#engine = engine;
    this.#post = post;
    this.#keeper = keeper;
    this.#calls = new Calls(engine, lease / 3, {
      reached: (run) => keeper.hear({ kind: 'reached', run }),
      opened: () => this.#askAgain(0),
      refused: (error) => this.#failAll(error),
      unreachable: () => {},
    });
    engine.told$.subscribe((hint) => this.#told(hint));
    every(lease / 3, () => this.#askAgain(lease / 3));
  }

  /** Called with all that the worker says; false: it is for the keeper. */
  serve(message: ToKeeper): boolean {
    switch (message.kind) {
      case 'call': {
        const { id, operation, args } = message;
        this.#answer(id, this.#calls.send(operation, args, args[0], !ATTEMPTED.has(operation)));
        return true;
      }
      case 'incarnation':
        this.#answer(
          message.id,
          this.#engine.incarnation(message.anew).then((run) => [run]),
        );
        return true;
      case 'replicated': {
        const { run, replicas, ms } = message;
        const have = this.#engine.replicated?.(run, replicas, ms) ?? Promise.resolve(0);
        this.#answer(
          message.id,
          have.then((count) => [`${count}`]),
        );
        return true;
      }
      case 'block':
        this.#block(message.blocked);
        return true;
      default:
        return false;
    }
  }

  /** Called with all that the keeper says. */
  hear(message: FromKeeper): void {
    if (message.kind === 'announced') this.#calls.announced(message.run);
    else if (message.kind === 'refused') this.#failAll(new EngineError(message.message));
    else if (message.kind === 'over') {
      const error = new LockLostError('the session is over');
      this.#failAll(error);
      this.#calls.over(message.session, error);
    }
  }

  #answer(id: number, reply: Promise<readonly string[]>): void {
    const answered = (answer: Answer) => this.#post({ kind: 'answered', id, answer });
    reply.then(
      (reply) => answered({ reply }),
      (error) => answered(failureOf(error)),
    );
  }

  #told(hint: string): void {
    this.#post({ kind: 'told', hint });
    if (hint === 'again') {
      this.#askAgain(0);
      this.#calls.reach();
      return;
    }
    const [kind = '', number = '', ...words] = hint.split(' ');
    const reply = replyOf(kind, words);
    if (reply !== undefined) this.#waits.get(number)?.told(reply);
  }

  #askAgain(age: number): void {
    const before = now() - age;
    for (const wait of [...this.#waits.values()]) if (wait.askedAt <= before) wait.ask();
  }

  #failAll(error: unknown): void {
    for (const wait of [...this.#waits.values()]) wait.fail(error);
  }

  #block({
    session,
    number,
    operation,
    key,
    args,
    acknowledged,
    expiring,
    timeout,
    cells,
    port,
  }: Blocked): void {
    const host: WaitHost = {
      id: session,
      nextNumber: () => number,
      attempt: (operation, ...args) => this.#calls.send(operation, [session, ...args], session, false),
      call: (operation, ...args) => this.#calls.send(operation, [session, ...args], session, true),
      // What it gives back goes with the session if not by itself.
      report: (promise) => promise.then(nothing, nothing),
      addWait: (wait) => {
        this.#waits.set(wait.number, wait);
        this.#keeper.blocked++;
      },
      removeWait: (wait) => {
        if (this.#waits.delete(wait.number)) this.#keeper.blocked--;
      },
      notKnown: () => this.#keeper.hear({ kind: 'reached', run: '' }),
      get reachable() {
        return calls.open;
      },
      get sending() {
        return calls.open;
      },
    };
    const calls = this.#calls;
    const unblock = (answer: Answer | undefined): void => {
      const { run, epoch } = this.#keeper.announcedTo;
      const unblocked: Unblocked = { answer, run, epoch };
      port.postMessage(unblocked);
      store(cells, 0, 1);
      wake(cells, 0);
    };
    const wait = new RemoteWait<readonly string[] | null>(
      host,
      {
        operation,
        key,
        args,
        acknowledged,
        ...(expiring === undefined ? {} : { expiring }),
        // The hint that it is to act may come when it has.
        answer: (reply) =>
          reply[0] === '0' || (reply[0] === '2' && operation === 'acted') ? undefined : reply,
        expire: () => null,
      },
      timeout,
      undefined,
      {
        resolve: (reply) => unblock(reply === null ? undefined : { reply }),
        reject: (error) => unblock(failureOf(error)),
      },
    );
    const leave = wait.begin();
    // Closed by the worker when it has its answer, or was cancelled.
    port.once('close', () => leave?.());
    port.unref();
  }
}

function nothing(): void {}
