import { isMainThread, MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { ThreadError } from '../errors.js';
import { allocate, park } from '../primitives/memory/word.js';
import { throwIfCancelled } from '../primitives/threads/cancel-flag.js';
import { tellFarWait } from '../primitives/waiting/channels.js';
import { RECHECK_MS } from '../primitives/waiting/event-loop.js';
import { LockLostError } from './errors.js';
import { replyIn } from './keeper-engine.js';
import type { Blocked, Unblocked } from './keeper-messages.js';
import { kindOf, nameOf, type Request } from './remote-wait.js';
import type { Session } from './session.js';

/** ms that the keeper's thread may take to start. */
const STARTING = 30_000;

/**
 * Blocks this thread, a worker, until the wait has ended: its keeper, in a thread of its own, asks.
 *
 * @throws what the request throws; LockLostError; EngineError; ThreadError on the main thread, because a blocked main cannot
 * be told of a loss, and for an engine in memory; the reason when the thread is cancelled
 */
export function waitBlocked<T>(session: Session, request: Request<T>, timeout: number): T {
  checkMayBlock(session);
  session.beginAnew();
  const number = session.nextNumber();
  const reply = ask(session, request, number, timeout);
  if (reply === undefined) return request.expire();
  const outcome = request.answer(reply, { number, told: never, fail: never, ask: never });
  // Nothing that a blocked thread asks for is still to be confirmed, or comes to nothing.
  if (outcome === undefined || outcome instanceof Promise) return request.expire();
  return outcome;
}

function never(): void {}

function checkMayBlock({ options }: Session): void {
  if (isMainThread)
    throw new ThreadError('the main thread must not wait for other machines by blocking: await it');
  if (options.connection === 'memory')
    throw new ThreadError('an engine in memory lives in the thread that would block: await it');
  if (options.replicas > 0) throw new ThreadError('a blocked thread cannot wait for replicas: await it');
}

/** @returns undefined: its time was up */
export function ask<T>(
  session: Session,
  request: Request<T>,
  number: string,
  timeout: number,
): readonly string[] | undefined {
  const { operation, key, args, acknowledged = false, expiring } = request;
  const cells = allocate(1);
  const { port1, port2 } = new MessageChannel();
  const blocked: Blocked = {
    session: session.id,
    number,
    operation,
    key,
    args,
    acknowledged,
    expiring,
    timeout,
    cells,
    port: port2,
  };
  session.block(blocked);
  const tellEnd = tellFarWait(kindOf(key), nameOf(key), 'blocking');
  let outcome: 'woken' | 'timeout' | 'left' = 'left';
  const { validity, lease } = session;
  let beats = validity.beats;
  let idle = 0;
  try {
    for (;;) {
      const received = receiveMessageOnPort(port1);
      if (received !== undefined) {
        const reply = unblocked(session, received.message as Unblocked);
        outcome = reply === undefined ? 'timeout' : 'woken';
        return reply;
      }
      throwIfCancelled();
      // By looks, not by time: after a pause of the whole process the keeper is not the first to go on.
      idle = validity.beats === beats ? idle + RECHECK_MS : 0;
      if (idle > (beats === 0 ? STARTING : lease))
        throw new LockLostError('the session is over: its keeper has failed');
      beats = validity.beats;
      park(cells, 0, 0, RECHECK_MS);
    }
  } finally {
    // Its end tells the keeper that nobody waits any more.
    port1.close();
    tellEnd?.(outcome);
  }
}

function unblocked(session: Session, { answer, run, epoch }: Unblocked): readonly string[] | undefined {
  session.learn(run, epoch);
  return answer === undefined ? undefined : replyIn(answer);
}
