import type { MessagePort } from 'node:worker_threads';
import { ThreadError } from '../../../errors.js';
import { packFailure } from '../../../pool/in-worker/failure.js';
import { prepareDecode } from '../../../pool/in-worker/load-codecs.js';
import { refuseProgress } from '../../../pool/in-worker/progress.js';
import { onCancel, reasonFor } from '../../../pool/thread/cancellation.js';
import { PortChannel } from '../../../pool/wire/port-channel.js';
import type { Cells } from '../../../primitives/memory/word.js';
import { type PackedTarget, unpackTarget } from '../../../primitives/target.js';
import { getIdent } from '../../../primitives/threads/current-ident.js';
import type { BatchMessage, FromSession, ToSession } from '../messages.js';
import { TakenBatch, type TakingSession } from './worker-batch.js';

/**
 * The worker's side of a threadMap's session: maps what comes over the port, until that is closed or the thread is
 * cancelled.
 */
export async function mapValues(port: MessagePort, target: PackedTarget, cells: Cells): Promise<void> {
  const run = await unpackTarget(target);
  const ident = getIdent();
  refuseProgress('threadMap');
  const channel = new PortChannel<FromSession, ToSession>(port);
  const batches = new Map<number, TakenBatch>();
  const session: TakingSession = {
    run,
    cells,
    explain: (error) => packFailure(error, { ident, target }).error,
    post: (message, transfer) => {
      channel.post(message, transfer);
      if (message.kind !== 'results') batches.delete(message.id);
    },
  };
  const begin = (message: BatchMessage): void => {
    let batch: TakenBatch;
    try {
      batch = new TakenBatch(message, session);
    } catch (error) {
      // One of its values cannot be made again here.
      session.post({ kind: 'failed', id: message.id, done: 0, error: session.explain(error) });
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
  await new Promise<void>((resolve, reject) => {
    const forget = onCancel(ident, () => {
      for (const batch of batches.values()) batch.stop();
      channel.close();
      reject(reasonFor(ident));
    });
    channel.onClose(() => {
      process.off('exit', tellAll);
      forget();
      resolve();
    });
    channel.hear((message) => {
      if (message.kind === 'unread') reject(cannotRead(message.why));
      else if (message.kind === 'credit') batches.get(message.id)?.credit(message.values);
      else if (message.values.hasStandIns) void prepareDecode(message.values).then(() => begin(message));
      else begin(message);
    });
    channel.hold(true);
  });
}

function cannotRead(why: string): ThreadError {
  return new ThreadError(`a value of threadMap cannot be read in its worker: ${why}`, { code: 'ERR_CLONE' });
}
