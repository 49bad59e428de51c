import type { TransferListItem } from 'node:worker_threads';
import { threadWide } from '../../primitives/threads/thread-wide.js';
import type { CancelMessage, FromThread } from './messages.js';

/**
 * A worker's end of the port to the thread that made the worker, for whatever code runs in it: session.ts, which has
 * the port, sets the two functions.
 */

/**
 * @param transfer - what moves with the message
 * @returns false when nobody listens
 */
type Post = (message: FromThread, transfer?: readonly TransferListItem[]) => boolean;

interface ParentLink {
  post: Post | undefined;
  drain: () => void;
  lastCancel: CancelMessage | undefined;
}

const parent: ParentLink = threadWide('parent', { post: undefined, drain: () => {}, lastCancel: undefined });

/** @param drainPort - receives now what the event loop would bring later */
export function setParent(postToParent: Post, drainPort: () => void): void {
  parent.post = postToParent;
  parent.drain = drainPort;
}

/** false in main, in workers that this library did not start, and between two jobs of a pool. */
export function tellParent(...told: Parameters<Post>): boolean {
  return parent.post?.(...told) ?? false;
}

/** Called by the session for a message of the parent, which writes the thread's CANCEL word only after posting it. */
export function keepCancel(message: CancelMessage): void {
  parent.lastCancel = message;
}

/** The parent's message that cancels the thread, even if no event loop has taken it yet. */
export function cancelOf(ident: number): CancelMessage | undefined {
  parent.drain();
  return parent.lastCancel?.ident === ident ? parent.lastCancel : undefined;
}
