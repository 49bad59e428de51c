import { inspect } from 'node:util';
import { show } from '../../primitives/options.js';
import { FREE } from '../../primitives/threads/table.js';
import { nameOf, stateOf } from '../../primitives/threads/thread-slots.js';
import { packError, unpackError } from '../wire/codec.js';
import type { UnhandledMessage } from '../wire/messages.js';
import { tellParent } from '../wire/parent-link.js';

/** Errors that ended a thread and that nobody subscribed to: to the hook, else to the parent, else to stderr. */

let tellHook: (ident: number | null, error: unknown) => boolean = () => false;

/** @param tell - false: there is no hook in this thread */
export function setUnhandledHook(tell: (ident: number | null, error: unknown) => boolean): void {
  tellHook = tell;
}

/** @param ident - null when no thread can be told */
export function reportUnhandled(ident: number | null, error: unknown): void {
  if (tellHook(ident, error)) return;
  if (tellParent({ kind: 'unhandled', ident, error: packError(error) })) return;
  printUnhandled(ident === null || stateOf(ident) === FREE ? undefined : nameOf(ident), error);
}

/** One that a worker has no hook for. */
export function relayUnhandled(message: UnhandledMessage): void {
  reportUnhandled(message.ident, unpackError(message.error));
}

export function printUnhandled(name: string | undefined, error: unknown): void {
  const stack = error instanceof Error ? inspect(error) : show(error);
  process.stderr.write(`Exception in thread ${name ?? '(ended)'}:\n${stack}\n`);
}
