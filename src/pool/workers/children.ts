import { threadWide } from '../../primitives/threads/thread-wide.js';

/**
 * The threads that were started in this worker, by whichever copy of this library. They live in its own workers: they die
 * with it, and what they print goes through it.
 */
const children = threadWide('children', { all: 0, awaited: 0 });

export function countChild(by: 1 | -1, daemon: boolean): void {
  children.all += by;
  if (!daemon) children.awaited += by;
}

export function childCount(): number {
  return children.all;
}

/** Whether one of them keeps the process alive. */
export function hasAwaitedChildren(): boolean {
  return children.awaited > 0;
}
