import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ThreadError } from '../../errors.js';

/**
 * The files that workers load, as they lie in dist: all of it is flat, so they are beside whatever file this one is
 * joined into. The entries of rolldown.config.mjs have these names.
 */

/** What Piscina loads in each worker, in-worker/worker-entry.ts. A path, because Piscina takes it for one. */
export const WORKER_ENTRY: string = fileURLToPath(new URL('./worker-entry.cjs', import.meta.url));
/** What a session of a `threadMap` runs, thread-map/in-worker/map-values.ts. */
export const MAP_VALUES: string = new URL('./map-values.js', import.meta.url).href;
/** What a `threadPipe` runs, thread-pipe/in-worker/run-pipe.ts. */
export const RUN_PIPE: string = new URL('./run-pipe.js', import.meta.url).href;

/** What kept a worker from starting, when that is that its file is not where this module is. */
export function explainMissing(error: unknown): unknown {
  if (existsSync(WORKER_ENTRY)) return error;
  return new ThreadError(
    `there is no file ${WORKER_ENTRY} for workers to load. Was the application bundled into one file? Keep ` +
      'rxjs-threading external, as esbuild does with --external:rxjs-threading',
    { code: 'ERR_NO_THREAD', cause: error },
  );
}
