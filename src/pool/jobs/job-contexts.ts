import { show } from '../../primitives/options.js';

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

/**
 * A copy; of an object that cannot be cloned as a whole, of those of its properties that can. A getter that throws, as those of
 * a request that has ended may, cannot: a job does not fail for a trace id.
 */
function cloneable(store: unknown): unknown {
  const [whole] = cloned(() => store);
  if (whole !== undefined || typeof store !== 'object' || store === null) return whole;
  const parts: Record<string, unknown> = {};
  for (const key of Object.keys(store)) {
    for (const value of cloned(() => (store as Record<string, unknown>)[key])) parts[key] = value;
  }
  return parts;
}

/** A copy of it; none if it has none. */
function cloned(read: () => unknown): readonly unknown[] {
  try {
    return [structuredClone(read())];
  } catch {
    return [];
  }
}
