import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ThreadError } from '../../errors.js';
import { isThere } from '../../primitives/is-there.js';
import { show } from '../../primitives/options.js';
import { threadWide } from '../../primitives/threads/thread-wide.js';

/*
 * The files that workers load, as they lie in dist: all of it is flat, so they are beside whatever file this one is
 * joined into. The entries of rolldown.config.mjs have these names. An application that is bundled has none of them,
 * but one file that it names itself: src/worker-bundle.cjs, as it is built.
 *
 * Where they are is found out with the first thread: a bundle that starts none may have no URL to find them by. They
 * are not named by `new URL`, which bundlers take for a file to copy. Each is written out, `join` and all, because what
 * copies only the files that a program names (@vercel/nft, in Nuxt, Nitro and Vercel's builds) evaluates such expressions.
 */

/** undefined in a bundle that does not know its own URL. */
const HERE: string | undefined = import.meta.url;

const own: { file: string | undefined } = { file: undefined };
const named: typeof own = threadWide('worker-file', own);

/**
 * For an application that is bundled, this library and all: names the file that workers load. It is a copy of
 * `node_modules/rxjs-threading/dist/worker-bundle.cjs`, which needs no other file, from the same version of the package.
 * Call it before the first thread starts. Threads that are started in threads know it. Python has no such thing.
 *
 * @param file - an absolute path or a file: URL
 * @throws TypeError for anything else; ThreadError when there is no such file
 * @example
 * // An application has it beside its bundle, new URL('./worker-bundle.cjs', import.meta.url), or its executable,
 * // join(dirname(process.execPath), 'worker-bundle.cjs'). Here it is where the package has it.
 * setWorkerFile(new URL('./worker-bundle.cjs', import.meta.resolve('rxjs-threading')));
 * const thread = new Thread({ target: () => 'a thread of that file' }).start();
 * console.log(await thread.result()); // prints a thread of that file
 */
export function setWorkerFile(file: string | URL): void {
  const path = pathOf(file);
  if (!isThere(path)) {
    throw new ThreadError(
      `there is no worker file ${path}: copy node_modules/rxjs-threading/dist/worker-bundle.cjs there`,
      { code: 'ERR_NO_THREAD' },
    );
  }
  named.file = path;
}

function pathOf(file: unknown): string {
  if (file instanceof URL || (typeof file === 'string' && file.startsWith('file:')))
    return fileURLToPath(file);
  if (typeof file === 'string' && isAbsolute(file)) return file;
  throw new TypeError(`worker file must be an absolute path or a file: URL, got ${show(file)}`);
}

/** What `setWorkerFile` was given, in whatever copy of the library in this thread. */
export function namedWorkerFile(): string | undefined {
  return named.file;
}

/** What Piscina loads in each worker, in-worker/worker-entry.ts: a path. @throws ThreadError when it is not there */
export function workerEntry(): string {
  const missing = missingWorkerEntry();
  if (missing !== undefined) throw missing;
  return entryPath() as string;
}

let entryFound = false;

/** Why no worker can load its entry; undefined: it can. */
export function missingWorkerEntry(): ThreadError | undefined {
  if (entryFound) return undefined;
  const entry = entryPath();
  entryFound = entry !== undefined && (entry === named.file || isThere(entry));
  if (entryFound) return undefined;
  return bundled(`there is no file ${entry ?? 'worker-entry.cjs'} for workers to load`);
}

function entryPath(): string | undefined {
  return named.file ?? (HERE && join(dirname(fileURLToPath(HERE)), 'worker-entry.cjs'));
}

/** What a session of a `threadMap` runs, thread-map/in-worker/map-values.ts: a URL. */
export function mapValuesModule(): string {
  return moduleUrl(HERE && join(dirname(fileURLToPath(HERE)), 'map-values.js'));
}

/** What a `threadPipe` runs, thread-pipe/in-worker/run-pipe.ts: a URL. */
export function runPipeModule(): string {
  return moduleUrl(HERE && join(dirname(fileURLToPath(HERE)), 'run-pipe.js'));
}

/** What `serve` of rxjs-threading/redis runs, redis/job-body.ts: a URL. */
export function jobBodyModule(): string {
  return moduleUrl(HERE && join(dirname(fileURLToPath(HERE)), 'job-body.js'));
}

function moduleUrl(file: string | undefined): string {
  return pathToFileURL(named.file ?? file ?? workerEntry()).href;
}

/**
 * A file that a thread of an entry of its own runs, which the worker file does not have: for rxjs-threading/monitor and
 * rxjs-threading/redis. @throws ThreadError when it is not there
 */
export function fileOfEntry(entry: 'monitor' | 'redis', file: string | undefined): string {
  if (file !== undefined && isThere(file)) return file;
  throw new ThreadError(
    `rxjs-threading/${entry} cannot start its thread: there is no file ${file ?? 'for that beside it'}. Was it bundled? ` +
      'Keep it external, as esbuild does with --external:rxjs-threading',
    { code: 'ERR_NO_THREAD' },
  );
}

/** Why no thread can start: most likely that. */
export function bundled(why: string, cause?: unknown): ThreadError {
  return new ThreadError(
    `no thread can start: ${why}. Was rxjs-threading bundled? Keep it external, as esbuild does with ` +
      '--external:rxjs-threading, or name its worker file by setWorkerFile',
    { code: 'ERR_NO_THREAD', cause },
  );
}
