import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as PiscinaModule from 'piscina';
import { requireFrom } from '../../primitives/require-from.js';
import { LAYOUT } from '../../primitives/threads/table.js';
import { bundled, namedWorkerFile } from './worker-files.js';

/**
 * The only file that imports Piscina, which makes, keeps and ends all workers, as the project promises. It is used for
 * no more than that: a worker is a Piscina of one, with one task that returns at once and leaves a port behind
 * (open-worker.ts), and its 'error' and 'exit' are listened to before Piscina's own listeners. Of its queue, load balancing,
 * histograms, errors and exits nothing is used, because:
 * - Piscina does not tell which worker a task went to, nor when a killed worker is gone, and forgets a task whose worker
 *   fails as it starts; a thread's starter has to know all three, since a thread can be killed and its death is told.
 * - Piscina keeps the process alive while a task runs, but a daemon thread must not.
 * - A task costs ten times what a job of ours does, and the more workers there are the more.
 * - After an error or an exit, Piscina puts another worker in the place of the one that died.
 */

let loaded: typeof PiscinaModule | undefined;

/** With the first worker that this thread makes: programs that only lock, and most workers, make none. */
function load(): typeof PiscinaModule {
  loaded ??= namedWorkerFile() === undefined ? installed() : ofWorkerFile(namedWorkerFile() as string);
  return loaded;
}

function installed(): typeof PiscinaModule {
  try {
    // From the place of a file that imports it: see `packages` in rolldown.config.mjs.
    return requireFrom(join(dirname(fileURLToPath(import.meta.url)), 'imports-piscina.js'))('piscina');
  } catch (cause) {
    throw bundled(`Piscina cannot be loaded (${(cause as Error).message.split('\n', 1)[0]})`, cause);
  }
}

function ofWorkerFile(file: string): typeof PiscinaModule {
  const built: typeof PiscinaModule & { readonly LAYOUT?: number } = requireFrom(file)(file);
  if (built.LAYOUT === LAYOUT) return built;
  throw bundled(`${file} is not the worker-bundle.cjs of this version of rxjs-threading`);
}

export type Piscina = PiscinaModule.Piscina;
export type PiscinaOptions = NonNullable<ConstructorParameters<typeof PiscinaModule.Piscina>[0]>;

export function newPiscina(options: PiscinaOptions): Piscina {
  return new (load().Piscina)(options);
}
