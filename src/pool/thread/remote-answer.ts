import { from, ignoreElements, type Observable, type Subscription } from 'rxjs';
import { ThreadError } from '../../errors.js';
import { workerWatch } from '../../primitives/threads/liveness.js';
import { startedHere } from '../../primitives/threads/thread-slots.js';
import { recheckPeriodically, soon } from '../../primitives/waiting/event-loop.js';
import { encode, packError, unpackError } from '../wire/codec.js';
import { explainUncloneable } from '../wire/explain-uncloneable.js';
import { answerLoopQuestions } from '../workers/loop-questions.js';
import { keptOutcome, keptThread, knownThread } from './local-threads.js';
import type { Outcome, RemoteReader } from './outcome.js';
import { type Answer, answers, leaves, lost, NOT_KEPT, questions, reads } from './remote-protocol.js';

/** Values that go in one message at most. */
const BATCH = 512;

/** The questions of other threads that are being answered. */
const answering = new Map<string, Answering>();

let answersQuestions = false;

/** From now on answers for the threads that this thread starts: the other side of remote-ask.ts. */
export function answerQuestions(): void {
  if (answersQuestions) return;
  answersQuestions = true;
  answerLoopQuestions();
  leaves.listen(({ asks }) => answering.get(asks)?.stop());
  reads.listen(({ asks, values }) => answering.get(asks)?.read(values));
  questions.listen(({ ident, by, asks, about }) => {
    if (!startedHere(ident) && keptThread(ident) === undefined) return;
    const thread = knownThread(ident) ?? keptThread(ident);
    const outcome = thread?.outcome;
    if (thread === undefined || outcome === undefined) {
      // Another copy of this library in this thread answers.
      if (keptOutcome(ident) !== undefined) return;
      tell(asks, { error: packError(lost(ident, NOT_KEPT)) });
    } else if (typeof about === 'object') thread.cancel(unpackError(about.cancel));
    else if (about === 'output') new Answering(asks, by, outcome.output$, outcome);
    else if (about === 'result') new Answering(asks, by, outcome.result(undefined));
    else if (about === 'join') outcome.unbound();
    else new Answering(asks, by, from(thread.terminate()).pipe(ignoreElements()));
  });
}

function tell(asks: string, answer: Answer): void {
  answers.publish({ asks, answer });
}

/** A question, in the thread that answers it. */
class Answering implements RemoteReader {
  readonly #asks: string;
  readonly #outcome: Outcome<unknown> | undefined;
  readonly #subscription: Subscription;
  #batch: unknown[] = [];
  /** Values that were sent. */
  #told = 0;
  /** Values that were sent and that the asker has not read yet. */
  unacknowledged = 0;

  /**
   * @param by - ident of the thread that asked
   * @param gives - the values of the answer, and its end
   * @param outcome - of a thread that is to be held back until the asker has read its values
   */
  constructor(asks: string, by: number, gives: Observable<unknown>, outcome?: Outcome<unknown>) {
    this.#asks = asks;
    this.#outcome = outcome;
    answering.set(asks, this);
    outcome?.addRemoteReader(this);
    this.#subscription = gives.subscribe({
      next: (value) => this.#add(value),
      error: (error) => this.#end({ error: packError(error) }),
      complete: () => this.#end({ complete: this.#told }),
    });
    if (!answering.has(asks)) return;
    const askerExists = workerWatch(by);
    recheckPeriodically({
      recheck: () => {
        // An asker that was killed reads no more, and must not hold the thread back.
        if (answering.has(asks) && !askerExists()) this.stop();
        return answering.has(asks);
      },
    });
  }

  read(values: number): void {
    this.unacknowledged -= values;
    this.#outcome?.acknowledged();
  }

  stop(): void {
    answering.delete(this.#asks);
    this.#subscription?.unsubscribe();
    this.#outcome?.dropRemoteReader(this);
  }

  #add(value: unknown): void {
    this.#told++;
    this.unacknowledged++;
    if (this.#batch.push(value) === 1) soon(() => this.#flush());
    else if (this.#batch.length === BATCH) this.#flush();
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) this.#send(batch);
  }

  /** false: one of them cannot be sent, those before it have been, and the answer ends with the error. */
  #send(values: readonly unknown[]): boolean {
    try {
      tell(this.#asks, { values: encode(values) });
      return true;
    } catch (cause) {
      if (values.length > 1) return values.every((value) => this.#send([value]));
      const found = explainUncloneable(values[0], 'it') ?? (cause as Error).message;
      const message = `a value that the thread gave cannot be sent to another thread than its starter: ${found}`;
      tell(this.#asks, { error: packError(new ThreadError(message, { code: 'ERR_CLONE', cause })) });
      this.stop();
      return false;
    }
  }

  #end(answer: Answer): void {
    this.#flush();
    if (answering.delete(this.#asks)) tell(this.#asks, answer);
    this.#outcome?.dropRemoteReader(this);
  }
}
