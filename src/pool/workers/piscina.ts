import { createRequire } from 'node:module';
import type * as PiscinaModule from 'piscina';

let loaded: typeof PiscinaModule | undefined;

/** With the first worker that this thread makes: programs that only lock, and most workers, make none. */
function load(): typeof PiscinaModule {
  loaded ??= createRequire(import.meta.url)('piscina') as typeof PiscinaModule;
  return loaded;
}

export type Piscina = PiscinaModule.Piscina;
export type PiscinaOptions = NonNullable<ConstructorParameters<typeof PiscinaModule.Piscina>[0]>;

export function newPiscina(options: PiscinaOptions): Piscina {
  return new (load().Piscina)(options);
}

/** Under it Piscina's balancer finds what came with a task; it does not travel to the worker. */
export function queueOptions(): symbol {
  return load().queueOptionsSymbol;
}
