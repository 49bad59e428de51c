import { threadId } from 'node:worker_threads';
import { Observable, type Subscriber } from 'rxjs';
import { ThreadError } from '../../errors.js';
import type { WaitOptions } from '../../primitives/options.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { starterExists } from '../../primitives/threads/liveness.js';
import { DUMMY, FREE, MAIN_IDENT } from '../../primitives/threads/table.js';
import { flagsOf, startedHere, stateOf } from '../../primitives/threads/thread-slots.js';
import { threadWide } from '../../primitives/threads/thread-wide.js';
import { WaitRecord } from '../../primitives/threads/wait-record.js';
import { keepAlive, recheckPeriodically } from '../../primitives/waiting/event-loop.js';
import { timedOut } from '../../primitives/waiting/timed-out.js';
import type { Wait } from '../../primitives/waiting/wait.js';
import { drainBus } from '../wire/bus.js';
import { decodeTo, packError, unpackError } from '../wire/codec.js';
import { InOrder } from '../wire/in-order.js';
import { joined } from './join.js';
import { keptOutcome } from './local-threads.js';
import { pendingWait } from './pending-wait.js';
import {
  type Answer,
  answers,
  leaves,
  lost,
  NOT_KEPT,
  type Question,
  questions,
  reads,
  TOO_LONG_AGO,
} from './remote-protocol.js';

/*
 * What a StartedElsewhere cannot tell from the table it asks, over the bus, the thread that started its thread; that one
 * answers with remote-answer.ts. A question, and not a port that travels with the Thread, because a Thread comes to another
 * thread by `enumerate()` and `currentThread()` too, where no message could have brought a port.
 */

/** Questions of this thread that are open, by number. */
const asking = new Map<string, Asker>();
/** How many there were: of all copies of this library in the thread, which hear each other's answers. */
const asked = threadWide('asked', { count: 0 });

function ask(ident: number, about: Question): Observable<unknown> {
  return new Observable((subscriber) => {
    const unanswerable = whyNobodyAnswers(ident);
    if (unanswerable !== undefined) return subscriber.error(unanswerable);
    const asks = `${threadId}:${++asked.count}`;
    const asker = new Asker(asks, subscriber);
    asking.set(asks, asker);
    answers.listen(({ asks: to, answer }) => asking.get(to)?.heard(answer));
    questions.publish({ ident, by: getIdent(), asks, about });
    const whyLost = (): string | undefined => {
      if (!starterExists(ident)) return 'the thread that started it is no more';
      return !asker.answered && stateOf(ident) === FREE ? TOO_LONG_AGO : undefined;
    };
    recheckPeriodically({
      recheck: () => {
        // The starter may have answered before, while this event loop was blocked: it counts as lost once all is heard.
        if (asking.has(asks) && whyLost() !== undefined && drainBus()) {
          const why = asking.has(asks) ? whyLost() : undefined;
          if (why !== undefined) subscriber.error(lost(ident, why));
        }
        return asking.has(asks);
      },
    });
    return () => {
      if (asking.delete(asks)) leaves.publish({ asks });
    };
  });
}

function whyNobodyAnswers(ident: number): ThreadError | undefined {
  if (stateOf(ident) === FREE) return lost(ident, TOO_LONG_AGO);
  if (ident === MAIN_IDENT || (flagsOf(ident) & DUMMY) !== 0) {
    return new ThreadError(
      `thread ${ident} was not started as a Thread: it gives nothing, nor can it be killed`,
    );
  }
  // A thread does not hear its own messages on the bus, but another copy of this library in it does.
  return startedHere(ident) && keptOutcome(ident) === undefined ? lost(ident, NOT_KEPT) : undefined;
}

const UNREAD = 'a value that the thread gave cannot be read here: it nests too deep';

/** A question, in the thread that asked it. */
class Asker {
  readonly #asks: string;
  readonly #subscriber: Subscriber<unknown>;
  answered = false;
  /** Who reads a value may block, and so have the next ones heard. */
  readonly #inOrder = new InOrder();
  /** Values that came. */
  #came = 0;

  constructor(asks: string, subscriber: Subscriber<unknown>) {
    this.#asks = asks;
    this.#subscriber = subscriber;
  }

  heard(answer: Answer): void {
    this.answered = true;
    this.#inOrder.take(() => this.#take(answer));
  }

  #take(answer: Answer): void {
    if ('values' in answer)
      decodeTo(
        answer.values,
        (values) => this.#read(values as unknown[]),
        (error) => this.#subscriber.error(error),
      );
    else if ('error' in answer) this.#subscriber.error(unpackError(answer.error));
    else if (answer.complete === this.#came) this.#subscriber.complete();
    else this.#subscriber.error(new ThreadError(UNREAD, { code: 'ERR_CLONE' }));
  }

  /** The starter holds the stream back until it hears that these values have been read. */
  #read(values: readonly unknown[]): void {
    this.#came += values.length;
    for (const value of values) {
      if (this.#subscriber.closed) return;
      this.#subscriber.next(value);
    }
    if (!this.#subscriber.closed) reads.publish({ asks: this.#asks, values: values.length });
  }
}

export function remoteOutput(ident: number): Observable<unknown> {
  return ask(ident, 'output');
}

export function remoteResult(ident: number, name: string, options: WaitOptions | undefined): Wait<unknown> {
  return pendingWait<unknown>(
    options,
    (settle) => {
      const subscription = ask(ident, 'result').subscribe({
        next: (value) => settle.resolve(value),
        error: (error) => settle.reject(error),
      });
      if (subscription.closed) return undefined;
      const record = new WaitRecord();
      record.set(joined(ident), 1);
      return () => {
        record.set(joined(ident), 0);
        subscription.unsubscribe();
      };
    },
    (settle, timeout) => settle.reject(timedOut(`result of thread '${name}'`, timeout)),
  );
}

/** Keeps the process alive until it is answered, as a worker does that is being ended here. */
export async function remoteTerminate(ident: number): Promise<void> {
  keepAlive(1);
  try {
    await new Promise<void>((resolve, reject) => {
      ask(ident, 'terminate').subscribe({ complete: resolve, error: reject });
    });
  } finally {
    keepAlive(-1);
  }
}

export function remoteCancel(ident: number, reason: unknown): void {
  questions.publish({ ident, by: getIdent(), asks: '', about: { cancel: packError(reason) } });
}

/** What the thread streams is not to wait for who reads it, as its end is waited for here. */
export function remoteJoin(ident: number): void {
  const outcome = keptOutcome(ident);
  // Of another copy of this library in this thread, whose event loop may be about to block.
  if (outcome !== undefined) outcome.unboundNow();
  else questions.publish({ ident, by: getIdent(), asks: '', about: 'join' });
}
