import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Files beside which the build lays this one, all flat in dist. Not named by `new URL`, which bundlers take for a file to
 * copy.
 */

/** The page, as the build has made it. */
export function pageFolder(): string {
  return join(here(), 'monitor', 'page');
}

/** What a monitor's own thread runs: monitor-worker.ts. */
export function monitorWorker(): string {
  return join(here(), 'monitor-worker.js');
}

function here(): string {
  return dirname(fileURLToPath(import.meta.url));
}
