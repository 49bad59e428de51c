import type { TransferListItem } from 'node:worker_threads';
import type { CancelMessage, FromThread } from './messages.js';

/** What ties a worker of this library to the thread that made it, and to the threads it starts itself. */

/**
 * @param transfer - what moves with it
 * @returns false when nobody listens
 */
type Post = (message: FromThread, transfer?: readonly TransferListItem[]) => boolean;

let parent: Post | undefined;
let hearNow: () => void = () => {};
let cancel: CancelMessage | undefined;
let children = 0;
let awaited = 0;

/** @param drain - hears now what the event loop would hear later */
export function setParent(post: Post, drain: () => void): void {
  parent = post;
  hearNow = drain;
}

/** false in main, in workers of others, and between two jobs of a pool. */
export function tellParent(...told: Parameters<Post>): boolean {
  return parent?.(...told) ?? false;
}

/** The parent cancels a thread; its word says so only after this came. */
export function keepCancel(message: CancelMessage): void {
  cancel = message;
}

/** The parent's message that cancels a thread, even if no event loop has taken it yet. */
export function cancelOf(ident: number): CancelMessage | undefined {
  hearNow();
  return cancel?.ident === ident ? cancel : undefined;
}

/** A thread started here lives in this worker's own workers: it dies with it, and what it prints goes through it. */
export function countChild(by: 1 | -1, daemon: boolean): void {
  children += by;
  if (!daemon) awaited += by;
}

export function childCount(): number {
  return children;
}

/** Some of them keep the process alive. */
export function hasAwaitedChildren(): boolean {
  return awaited > 0;
}
