import {
  ArgumentOutOfRangeError,
  EmptyError,
  NotFoundError,
  ObjectUnsubscribedError,
  SequenceError,
  TimeoutError,
  UnsubscriptionError,
} from 'rxjs';
import { brand } from '../../primitives/brand.js';
import { type AnyPrimitive, fromHandle, isPrimitive, toHandle } from '../../primitives/handle.js';
import { HELD_STAYS, Held } from '../../primitives/held.js';
import { sectionHolds, sectionWaits } from '../../primitives/section-waits.js';
import { refuseToTravel, registerCodec } from '../wire/codec.js';
import { addErrorKind } from '../wire/error-parts.js';
import { tellWhenAsked } from '../wire/loop-answers.js';
import { ExistingThread } from './existing-thread.js';
import { keptThread, knownThread, markSent, remember } from './local-threads.js';
import './made-primitives.js';
import { StartedHere } from './started-here.js';
import { Thread } from './thread.js';

/** The one Thread object that this thread has for a thread, made when it is first asked for. */
export function threadOf(ident: number): Thread {
  const known = knownThread(ident);
  if (known !== undefined) return known as Thread;
  const kept = keptThread(ident);
  const side = kept instanceof StartedHere ? (kept as StartedHere<never>) : undefined;
  const thread = new Thread(new ExistingThread(ident, side));
  remember(ident, thread);
  return thread;
}

brand(Thread, 'Thread');
registerCodec({
  kind: 'thread',
  is: (value) => value instanceof Thread,
  pack: packThread,
  unpack: (packed) => threadOf(packed as number),
});

function packThread(thread: object): number {
  const { ident } = thread as Thread;
  if (ident !== null) {
    markSent(ident, thread as Thread);
    return ident;
  }
  throw new TypeError(`${thread} cannot be sent to another thread before it is started`);
}

// Primitives and RxJS's errors arrive in another thread as themselves, too: the rooms below know no codecs.
registerCodec({
  kind: 'primitive',
  is: isPrimitive,
  pack: (value) => toHandle(value as AnyPrimitive),
  unpack: fromHandle,
});
refuseToTravel('held', (value) => value instanceof Held, HELD_STAYS);
addErrorKind('TimeoutErrorImpl', () => new TimeoutError());
addErrorKind('EmptyErrorImpl', () => new EmptyError());
addErrorKind('SequenceErrorImpl', (message) => new SequenceError(message));
addErrorKind('NotFoundErrorImpl', (message) => new NotFoundError(message));
addErrorKind('ArgumentOutOfRangeErrorImpl', () => new ArgumentOutOfRangeError());
addErrorKind('ObjectUnsubscribedErrorImpl', () => new ObjectUnsubscribedError());
addErrorKind('UnsubscriptionErrorImpl', () => new UnsubscriptionError([]));
tellWhenAsked('sections', sectionWaits);
tellWhenAsked('section holds', sectionHolds);
