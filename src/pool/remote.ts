import { threadId } from 'node:worker_threads';
import { Observable, type Subscriber, type Subscription, TimeoutError } from 'rxjs';
import { ThreadError } from '../errors.js';
import { watchOver } from '../primitives/loop.js';
import type { WaitOptions } from '../primitives/options.js';
import { FOREIGN, flagsOf, MAIN_IDENT, startedHere, starterExists } from '../primitives/thread-table.js';
import type { Wait } from '../primitives/wait.js';
import { type Answer, broadcast, listen, type Question } from './bus.js';
import { packError, unpackError } from './error-wire.js';
import { pendingWait } from './pending.js';
import { knownThread } from './registry.js';
import { decode, encode } from './wire.js';

/** What a Thread cannot do where it was not started: the thread that started it is asked over the bus. */

const asking = new Map<string, Subscriber<unknown>>();
let questions = 0;

function ask(ident: number, about: Question): Observable<unknown> {
  return new Observable((subscriber) => {
    if (ident === MAIN_IDENT || (flagsOf(ident) & FOREIGN) !== 0) {
      return subscriber.error(
        new ThreadError(
          `thread ${ident} was not started as a Thread: it gives nothing, nor can it be killed`,
        ),
      );
    }
    const asks = `${threadId}:${++questions}`;
    asking.set(asks, subscriber);
    listen('answer', ({ asks: to, answer }) => heard(asking.get(to), answer));
    broadcast({ kind: 'ask', ident, asks, about });
    watchOver({
      look: () => {
        if (!asking.has(asks)) return false;
        if (!starterExists(ident)) subscriber.error(lost(ident, 'the thread that started it is no more'));
        return true;
      },
    });
    return () => {
      if (asking.delete(asks)) broadcast({ kind: 'leave', asks });
    };
  });
}

function heard(subscriber: Subscriber<unknown> | undefined, answer: Answer): void {
  if (subscriber === undefined) return;
  if ('next' in answer) subscriber.next(decode(answer.next));
  else if ('error' in answer) subscriber.error(unpackError(answer.error));
  else subscriber.complete();
}

function lost(ident: number, why: string): ThreadError {
  return new ThreadError(`what thread ${ident} gave is lost: ${why}`, { code: 'ERR_THREAD_DIED' });
}

export function remoteOutput(ident: number): Observable<unknown> {
  return ask(ident, 'output');
}

export function remoteResult(ident: number, options: WaitOptions | undefined): Wait<unknown> {
  return pendingWait<unknown>(
    options,
    (settle) => {
      const subscription = ask(ident, 'result').subscribe({
        next: (value) => settle.resolve(value),
        error: (error) => settle.reject(error),
      });
      return () => subscription.unsubscribe();
    },
    (settle) => settle.reject(new TimeoutError()),
  );
}

export async function remoteTerminate(ident: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    ask(ident, 'terminate').subscribe({ complete: resolve, error: reject });
  });
}

export function remoteCancel(ident: number, reason: unknown): void {
  broadcast({ kind: 'ask', ident, asks: '', about: { cancel: packError(reason) } });
}

// ─── the other side ─────────────────────────────────────────────────────────────────────────────

const answering = new Map<string, Subscription>();

/** Answers from now on for the threads that are started here. */
export function answerQuestions(): void {
  listen('leave', ({ asks }) => {
    answering.get(asks)?.unsubscribe();
    answering.delete(asks);
  });
  listen('ask', ({ ident, asks, about }) => {
    if (!startedHere(ident)) return;
    const answer = (to: Answer): void => broadcast({ kind: 'answer', asks, answer: to });
    const thread = knownThread(ident);
    if (thread === undefined) return answer({ error: packError(lost(ident, 'nobody kept its Thread')) });
    if (typeof about === 'object') return thread.cancel(unpackError(about.cancel));
    const gives: Observable<unknown> =
      about === 'output'
        ? thread.output$
        : about === 'result'
          ? thread.result()
          : new Observable((done) => void thread.terminate().then(() => done.complete()));
    const subscription = gives.subscribe({
      next: (value) => answer({ next: encode(value) }),
      error: (error) => answer({ error: packError(error) }),
      complete: () => answer({ complete: true }),
    });
    if (!subscription.closed) answering.set(asks, subscription);
  });
}
