/**
 * The threads that were started in this worker. They live in its own workers: they die with it, and what they print
 * goes through it.
 */
let children = 0;
let awaited = 0;

export function countChild(by: 1 | -1, daemon: boolean): void {
  children += by;
  if (!daemon) awaited += by;
}

export function childCount(): number {
  return children;
}

/** Whether one of them keeps the process alive. */
export function hasAwaitedChildren(): boolean {
  return awaited > 0;
}
