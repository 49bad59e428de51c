import { inspect } from 'node:util';
import { show } from '../../primitives/options.js';
import { FREE } from '../../primitives/threads/table.js';
import { nameOf, stateOf } from '../../primitives/threads/thread-slots.js';
import { packError, unpackError } from '../wire/codec.js';
import type { UnhandledMessage } from '../wire/messages.js';
import { tellParent } from '../wire/parent-link.js';
import { isError } from '../wire/value-kinds.js';

/** Errors that ended a thread and that nobody subscribed to go to the excepthook, else to the parent, else to stderr. */

let tellHook: (ident: number | null, error: unknown) => boolean = () => false;

/** @param tell - calls the excepthook of this thread, or returns false when there is none */
export function setUnhandledHook(tell: (ident: number | null, error: unknown) => boolean): void {
  tellHook = tell;
}

/** @param ident - null when it is not known which thread it was */
export function reportUnhandled(ident: number | null, error: unknown): void {
  if (tellHook(ident, error)) return;
  if (tellParent({ kind: 'unhandled', ident, error: packError(error) })) return;
  printUnhandled(ident === null || stateOf(ident) === FREE ? undefined : nameOf(ident), error);
}

/** For an error that a worker, which had no hook, sent to this thread as its parent. */
export function relayUnhandled(message: UnhandledMessage): void {
  reportUnhandled(message.ident, unpackError(message.error));
}

export function printUnhandled(name: string | undefined, error: unknown): void {
  process.stderr.write(`Exception in thread ${name ?? '(ended)'}:\n${textOf(error)}\n`);
}

function textOf(error: unknown): string {
  try {
    return isError(error) ? inspect(error) : show(error);
  } catch {
    // A getter of its own throws.
    return show(error);
  }
}
