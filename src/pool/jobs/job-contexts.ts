import { show } from '../../primitives/options.js';
import { isCloneError } from '../wire/clone-error.js';

/** An AsyncLocalStorage of node:async_hooks, as far as a pool needs it. */
export interface ContextStorage {
  /** What it holds here. */
  getStore(): unknown;
}

/** @throws TypeError showing the value */
export function checkContexts(contexts: unknown): readonly (readonly [string, ContextStorage])[] {
  if (contexts === undefined) return [];
  if (typeof contexts !== 'object' || contexts === null || Array.isArray(contexts))
    throw new TypeError(`contexts must be an object of AsyncLocalStorages, got ${show(contexts)}`);
  const entries = Object.entries(contexts as Record<string, unknown>);
  for (const [name, storage] of entries) {
    if (typeof (storage as ContextStorage | null)?.getStore !== 'function')
      throw new TypeError(`contexts.${name} must be an AsyncLocalStorage, got ${show(storage)}`);
  }
  return entries as [string, ContextStorage][];
}

/** What the storages hold here, as far as it can be cloned; undefined: nothing. */
export function captureContexts(
  contexts: readonly (readonly [string, ContextStorage])[],
): Record<string, unknown> | undefined {
  let stores: Record<string, unknown> | undefined;
  for (const [name, storage] of contexts) {
    const store = cloneable(storage.getStore());
    if (store === undefined) continue;
    stores ??= {};
    stores[name] = store;
  }
  return stores;
}

/** A copy; of an object that cannot be cloned as a whole, of those of its properties that can. */
function cloneable(store: unknown): unknown {
  try {
    return structuredClone(store);
  } catch (error) {
    if (!isCloneError(error)) throw error;
  }
  if (typeof store !== 'object' || store === null) return undefined;
  const parts: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(store)) {
    try {
      parts[key] = structuredClone(value);
    } catch (error) {
      if (!isCloneError(error)) throw error;
    }
  }
  return parts;
}
