import type { MessagePort } from 'node:worker_threads';
import { packFailure } from '../../../pool/in-worker/failure.js';
import { prepareDecode } from '../../../pool/in-worker/load-codecs.js';
import { onCancel, reasonFor } from '../../../pool/thread/cancellation.js';
import { encode } from '../../../pool/wire/codec.js';
import type { StartMessage } from '../../../pool/wire/messages.js';
import type { Cells } from '../../../primitives/memory/word.js';
import { type PackedTarget, unpackTarget } from '../../../primitives/target.js';
import { getIdent } from '../../../primitives/threads/current-ident.js';
import type { BatchMessage, ReadyMessage, ToSession } from '../messages.js';
import { TakenBatch, type TakingSession } from './worker-batch.js';

/**
 * The worker's side of a threadMap's session: maps what comes over the port, until that is closed or the thread is
 * cancelled.
 */
export async function mapValues(port: MessagePort, target: PackedTarget, cells: Cells): Promise<void> {
  const run = await unpackTarget(target);
  const ident = getIdent();
  const batches = new Map<number, TakenBatch>();
  const start: StartMessage = { kind: 'start', ident, target, args: encode([]), credit: 0 };
  const session: TakingSession = {
    run,
    cells,
    explain: (error) => packFailure(error, start).error,
    post: (message, transfer) => {
      port.postMessage(message, transfer);
      if (message.kind !== 'results') batches.delete(message.id);
    },
  };
  const begin = (message: BatchMessage): void => {
    const batch = new TakenBatch(message, session);
    batches.set(message.id, batch);
    batch.go();
  };
  port.postMessage({ kind: 'ready' } satisfies ReadyMessage);
  // Results that wait for their message are sent before a process.exit in the target ends this worker.
  const tellAll = (): void => {
    for (const batch of batches.values()) batch.tell();
  };
  process.on('exit', tellAll);
  await new Promise<void>((resolve, reject) => {
    const forget = onCancel(ident, () => {
      for (const batch of batches.values()) batch.stop();
      port.close();
      reject(reasonFor(ident));
    });
    port.on('close', () => {
      process.off('exit', tellAll);
      forget();
      resolve();
    });
    port.on('message', (message: ToSession) => {
      if (message.kind === 'credit') batches.get(message.id)?.credit(message.values);
      else if (message.values.hasStandIns) void prepareDecode(message.values).then(() => begin(message));
      else begin(message);
    });
  });
}
