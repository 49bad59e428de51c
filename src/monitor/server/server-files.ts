import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileOfEntry } from '../../pool/workers/worker-files.js';

/*
 * Files beside which the build lays this one, all flat in dist. Not named by `new URL`, which bundlers take for a file to
 * copy, and each written out: see worker-files.ts.
 */

/** undefined in a bundle that does not know its own URL. */
const HERE: string | undefined = import.meta.url;

/** The page, as the build has made it: '' in such a bundle, where the rest of the monitor works without it. */
export function pageFolder(): string {
  return (HERE && join(dirname(fileURLToPath(HERE)), 'monitor/page')) || '';
}

/** What a monitor's own thread runs: monitor-worker.ts. @throws ThreadError when it is not there */
export function monitorWorker(): string {
  return fileOfEntry('monitor', HERE && join(dirname(fileURLToPath(HERE)), 'monitor-worker.js'));
}
