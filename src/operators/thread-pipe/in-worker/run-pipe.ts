import type { MessagePort } from 'node:worker_threads';
import { from, type ObservableInput } from 'rxjs';
import { ThreadError } from '../../../errors.js';
import { packFailure } from '../../../pool/in-worker/failure.js';
import { prepareDecode } from '../../../pool/in-worker/load-codecs.js';
import { refuseProgress } from '../../../pool/in-worker/progress.js';
import { isStream, isThenable } from '../../../pool/in-worker/result-kind.js';
import { Streaming } from '../../../pool/in-worker/streaming.js';
import { decodeTo, unpackError } from '../../../pool/wire/codec.js';
import { PortChannel } from '../../../pool/wire/port-channel.js';
import { type PackedTarget, unpackTarget } from '../../../primitives/target.js';
import { getIdent } from '../../../primitives/threads/current-ident.js';
import { PIPE_WINDOW, type PipeMessage } from '../messages.js';
import { PipeFeed } from './source.js';

/** The worker's side of a threadPipe: lasts as long as what the target returned. */
export async function runPipe(port: MessagePort, target: PackedTarget): Promise<void> {
  const channel = new PortChannel<PipeMessage, PipeMessage>(port);
  const post = (message: PipeMessage): void => channel.post(message);
  const streaming = new Streaming(PIPE_WINDOW, (values, transfer) =>
    channel.post({ kind: 'values', values }, transfer),
  );
  const feed = new PipeFeed(streaming.output, (values) => post({ kind: 'credit', values }));
  channel.hear((message) => hear(message, feed, streaming));
  channel.hold(true);
  refuseProgress('threadPipe');
  try {
    const run = await unpackTarget(target);
    let result = run(feed.source$);
    // An inline target may be async, because it has to import its operators.
    if (isThenable(result)) {
      const value = await streaming.unlessFailed(result);
      result = isStream(value) ? value : [value];
    }
    await streaming.run(isStream(result) ? result : from(result as ObservableInput<unknown>));
    post({ kind: 'complete' });
  } catch (error) {
    post({ kind: 'error', error: packFailure(error, { ident: getIdent(), target }).error });
  } finally {
    feed.stop();
    streaming.close();
    channel.close();
  }
}

/** Messages are taken in their order: one whose values need classes that must be loaded first holds up the others. */
let before: Promise<void> = Promise.resolve();
let loading = 0;

function hear(message: PipeMessage, feed: PipeFeed, { output }: Streaming): void {
  if (message.kind === 'credit') output.add(message.values);
  else if (message.kind === 'values' && !message.values.hasStandIns && loading === 0) take(message, feed);
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

function take(message: PipeMessage, feed: PipeFeed): void {
  const fail = (why: string): void => feed.end({ failed: true, error: cannotRead(why) });
  if (message.kind === 'values')
    decodeTo(
      message.values,
      (values) => feed.push(values as unknown[]),
      (error) => fail(error.message),
    );
  else if (message.kind === 'unread') fail(message.why);
  else if (message.kind === 'complete') feed.end({ failed: false });
  else if (message.kind === 'error') feed.end({ failed: true, error: unpackError(message.error) });
}

function cannotRead(why: string): ThreadError {
  return new ThreadError(`a value of threadPipe's source cannot be read in its thread: ${why}`, {
    code: 'ERR_CLONE',
  });
}
