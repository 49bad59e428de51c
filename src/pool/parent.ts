import type { FromThread } from './messages.js';

/** The way from a worker of this library to the thread that made it; none in main and in workers of others. */
let parent: ((message: FromThread) => void) | undefined;

export function setParent(post: (message: FromThread) => void): void {
  parent = post;
}

/** false when there is no such way. */
export function tellParent(message: FromThread): boolean {
  parent?.(message);
  return parent !== undefined;
}
