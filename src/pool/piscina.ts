import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import type { Piscina } from 'piscina';

const require = createRequire(import.meta.url);
let loaded: typeof import('piscina') | undefined;

/** Not in a worker before it starts threads of its own: it would only make its own start slower. */
function load(): typeof import('piscina') {
  loaded ??= require('piscina') as typeof import('piscina');
  return loaded;
}

if (isMainThread) load();

export type { Piscina };
export type PiscinaOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;

export function newPiscina(options: PiscinaOptions): Piscina {
  return new (load().Piscina)(options);
}
