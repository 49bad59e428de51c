import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import type * as PiscinaModule from 'piscina';

const require = createRequire(import.meta.url);
let loaded: typeof PiscinaModule | undefined;

/** Not in a worker before it starts threads of its own: it would only make its own start slower. */
function load(): typeof PiscinaModule {
  loaded ??= require('piscina') as typeof PiscinaModule;
  return loaded;
}

if (isMainThread) load();

export type Piscina = PiscinaModule.Piscina;
export type PiscinaOptions = NonNullable<ConstructorParameters<typeof PiscinaModule.Piscina>[0]>;

export function newPiscina(options: PiscinaOptions): Piscina {
  return new (load().Piscina)(options);
}

/** Under it Piscina's balancer finds what came with a task; it does not travel to the worker. */
export function queueOptions(): symbol {
  return load().queueOptionsSymbol;
}
