import type { MessagePort } from 'node:worker_threads';
import { from, type ObservableInput } from 'rxjs';
import { onCancel, reasonFor } from '../pool/cancellation.js';
import { unpackError } from '../pool/error-wire.js';
import { cannotClone, packFailure } from '../pool/failure.js';
import type { StartMessage } from '../pool/messages.js';
import { Output } from '../pool/output.js';
import { pump } from '../pool/pump.js';
import { isStream, isThenable } from '../pool/running.js';
import { decode, encode, prepareDecode } from '../pool/wire.js';
import { type PackedTarget, unpackTarget } from '../primitives/target.js';
import { getIdent } from '../primitives/thread-table.js';
import { PipeFeed } from './pipe-feed.js';
import { PIPE_WINDOW, type PipeMessage } from './pipe-messages.js';

/** The worker's side of a threadPipe: lasts as long as what the target returned. */
export async function runPipe(port: MessagePort, target: PackedTarget): Promise<void> {
  const ident = getIdent();
  const post = (message: PipeMessage): void => port.postMessage(message);
  let stop: (error: unknown) => void = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = reject;
  });
  stopped.catch(() => {});
  const output = new Output(PIPE_WINDOW, (values) => {
    try {
      post({ kind: 'values', values: encode(values) });
    } catch (cause) {
      stop(cannotClone(ident, 'output', values, cause));
    }
  });
  const feed = new PipeFeed(output, (values) => post({ kind: 'credit', values }));
  const forget = onCancel(ident, () => stop(reasonFor(ident)));
  port.on('message', (message: PipeMessage) => void hear(message, feed, output));
  const closed = new Promise<void>((resolve) => port.on('close', resolve));
  let stopPump = (): void => {};
  try {
    const run = await unpackTarget(target);
    let result = run(feed.source$);
    // An inline target imports its operators.
    if (isThenable(result)) {
      const value = await Promise.race([result, stopped]);
      result = isStream(value) ? value : [value];
    }
    const pumping = pump(isStream(result) ? result : from(result as ObservableInput<unknown>), output);
    stopPump = pumping.stop;
    await Promise.race([pumping.ended, stopped, closed]).finally(() => output.flush());
    await Promise.race([output.untilSent(), stopped, closed]);
    await Promise.race([stopped, Promise.resolve()]);
    post({ kind: 'complete' });
  } catch (error) {
    stopPump();
    // All that came before it.
    await Promise.race([output.untilSent(), stopped.catch(() => {}), closed]);
    const start: StartMessage = { kind: 'start', ident, target, args: encode([]), credit: 0 };
    post({ kind: 'error', error: packFailure(error, start).error });
  } finally {
    feed.stop();
    forget();
    stopPump();
    port.close();
  }
}

/** In the order of the messages: those that need something loaded hold up the others. */
let before: Promise<void> = Promise.resolve();

function hear(message: PipeMessage, feed: PipeFeed, output: Output): void {
  if (message.kind === 'credit') output.add(message.values);
  else if (message.kind === 'values' && !message.values.marked && loading === 0) take(message, feed);
  else {
    loading++;
    before = before
      .then(() => (message.kind === 'values' ? prepareDecode(message.values) : undefined))
      .then(() => {
        loading--;
        take(message, feed);
      });
  }
}

let loading = 0;

function take(message: PipeMessage, feed: PipeFeed): void {
  if (message.kind === 'values') feed.push(decode(message.values) as unknown[]);
  else if (message.kind === 'complete') feed.end({ failed: false });
  else if (message.kind === 'error') feed.end({ failed: true, error: unpackError(message.error) });
}
