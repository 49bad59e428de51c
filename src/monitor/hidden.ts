let hidden = false;

/** Called once, in the thread that a monitor runs in by itself. */
export function hideThisThread(): void {
  hidden = true;
}

/**
 * Whether this thread is a monitor's own. It is listed nowhere because it never asks for an ident; so it takes no locks,
 * and what is to be counted while it looks is raised by the thread that has started it.
 */
export function isHidden(): boolean {
  return hidden;
}
