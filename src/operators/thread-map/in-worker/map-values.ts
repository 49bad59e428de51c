import { AsyncLocalStorage } from 'node:async_hooks';
import type { MessagePort } from 'node:worker_threads';
import { ThreadError } from '../../../errors.js';
import { packFailure } from '../../../pool/in-worker/failure.js';
import { prepareDecode } from '../../../pool/in-worker/load-codecs.js';
import { redirectProgress } from '../../../pool/in-worker/progress.js';
import { onCancel, reasonFor } from '../../../pool/thread/cancellation.js';
import { PortChannel } from '../../../pool/wire/port-channel.js';
import type { Cells } from '../../../primitives/memory/word.js';
import { type PackedTarget, unpackTarget } from '../../../primitives/target.js';
import { getIdent } from '../../../primitives/threads/current-ident.js';
import type { BatchMessage, FromSession, ToSession } from '../messages.js';
import { TakenBatch, type TakingSession, type ValuePlace } from './worker-batch.js';

/**
 * The worker's side of a threadMap's session: maps what comes over the port, until all has come or the thread is
 * cancelled.
 *
 * @param watched - somebody is to be told of the values' progress
 */
export async function mapValues(
  port: MessagePort,
  target: PackedTarget,
  cells: Cells,
  watched: boolean,
): Promise<void> {
  const run = await unpackTarget(target);
  const ident = getIdent();
  const channel = new PortChannel<FromSession, ToSession>(port);
  const batches = new Map<number, TakenBatch>();
  const mapping = watched ? new AsyncLocalStorage<ValuePlace>() : undefined;
  // Where nobody watches, what is reported goes nowhere, as in any other thread.
  redirectProgress((value, transfer) => {
    const place = mapping?.getStore();
    if (place === undefined) return true;
    const post = (): void => channel.post({ kind: 'progress', ...place, value }, transfer);
    const batch = batches.get(place.id);
    if (batch === undefined) post();
    else batch.inTurn(post);
    return true;
  });
  let end: (() => void) | undefined;
  // What is asynchronous and runs has to end first: until then its value, and others of its key, are given to nobody else.
  const endWhenSettled = (): void => {
    if (end !== undefined && ![...batches.values()].some((batch) => batch.pending)) end();
  };
  const stop = (): void => {
    for (const batch of batches.values()) batch.stop();
    endWhenSettled();
  };
  const session: TakingSession = {
    settled: endWhenSettled,
    run,
    within: mapping && ((place, code) => mapping.run(place, code)),
    cells,
    explain: (error) => packFailure(error, { ident, target }).error,
    post: (message, transfer) => {
      channel.post(message, transfer);
      if (message.kind !== 'results') batches.delete(message.id);
    },
  };
  const begin = (message: BatchMessage): void => {
    if (end !== undefined) return;
    let batch: TakenBatch;
    try {
      batch = new TakenBatch(message, session);
    } catch (error) {
      // One of its values cannot be made again here.
      session.post({ kind: 'failed', id: message.id, done: 0, error: session.explain(error), unmade: true });
      return;
    }
    batches.set(message.id, batch);
    batch.go();
  };
  channel.post({ kind: 'ready' });
  // Results that wait for their message are sent before a process.exit in the target ends this worker.
  const tellAll = (): void => {
    for (const batch of batches.values()) batch.tell();
  };
  process.on('exit', tellAll);
  let forget = (): void => {};
  const over = new Promise<void>((resolve, reject) => {
    forget = onCancel(ident, () => {
      end = () => reject(reasonFor(ident));
      stop();
      channel.close();
    });
    const endSoon = (): void => {
      end ??= resolve;
      stop();
    };
    channel.hear((message) => {
      if (message.kind === 'over') endSoon();
      else if (message.kind === 'unread') reject(cannotRead(message.why));
      else if (message.kind === 'credit') batches.get(message.id)?.credit(message.values);
      else if (message.values.hasStandIns) void prepareDecode(message.values).then(() => begin(message));
      else begin(message);
    });
    channel.hold(true);
  });
  try {
    await over;
  } finally {
    process.off('exit', tellAll);
    forget();
  }
}

function cannotRead(why: string): ThreadError {
  return new ThreadError(`a value of threadMap cannot be read in its worker: ${why}`, { code: 'ERR_CLONE' });
}
