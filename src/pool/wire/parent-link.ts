import type { TransferListItem } from 'node:worker_threads';
import { threadWide } from '../../primitives/threads/thread-wide.js';
import type { CancelMessage, ProgressMessage, UnhandledMessage } from './messages.js';

/**
 * A worker's end of the port to the thread that made the worker, for whatever code runs in it: in-worker/session.ts,
 * which has the port, sets the two functions.
 */

/** What code in a worker tells of the thread that runs there, whose number in the session only the session knows. */
type Told = Omit<ProgressMessage, 'seq'> | UnhandledMessage;

/**
 * @param transfer - what moves with the message
 * @returns false when nobody listens
 */
type Post = (message: Told, transfer?: readonly TransferListItem[]) => boolean;

interface ParentLink {
  post: Post | undefined;
  drain: () => void;
  /** By ident: of the thread that runs, and of those that wait behind it. */
  readonly cancels: Map<number, CancelMessage>;
}

const parent: ParentLink = threadWide('parent', { post: undefined, drain: () => {}, cancels: new Map() });

/** Called by the session as it opens. @param drainPort - receives now what the event loop would bring later */
export function setParent(postToParent: Post, drainPort: () => void): void {
  parent.post = postToParent;
  parent.drain = drainPort;
}

/** false in main, and in workers that this library did not start. */
export function tellParent(...told: Parameters<Post>): boolean {
  return parent.post?.(...told) ?? false;
}

/** Called by the session for a message of the parent, which writes the thread's CANCEL word only after posting it. */
export function keepCancel(message: CancelMessage): void {
  parent.cancels.set(message.ident, message);
}

/** Called by the session once the thread has ended. */
export function dropCancel(ident: number): void {
  parent.cancels.delete(ident);
}

/** The parent's message that cancels the thread, even if no event loop has taken it yet. */
export function cancelOf(ident: number): CancelMessage | undefined {
  parent.drain();
  return parent.cancels.get(ident);
}
