import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Files beside which the build lays this one, all flat in dist. Not named by `new URL`, which bundlers take for a file to
 * copy, and each written out: see worker-files.ts.
 */

/** The page, as the build has made it. */
export function pageFolder(): string {
  return join(dirname(fileURLToPath(import.meta.url)), 'monitor/page');
}

/** What a monitor's own thread runs: monitor-worker.ts. */
export function monitorWorker(): string {
  return join(dirname(fileURLToPath(import.meta.url)), 'monitor-worker.js');
}
