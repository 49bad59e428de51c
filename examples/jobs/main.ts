// Thousands of thumbnails on a ThreadPool, with a progress bar, retries and a summary; Ctrl-C stops it in order.
//   node build/examples/jobs/main.js [--jobs 2400] [--threads n] [--out directory] [--monitor]
import { mkdir } from 'node:fs/promises';
import { fromEvent, lastValueFrom, scan, skip, startWith, takeUntil, withLatestFrom } from 'rxjs';
import { ThreadPool } from 'rxjs-threading';
import { serveMonitor } from 'rxjs-threading/monitor';
import { showBar } from './bar.js';
import { readOptions } from './options.js';
import { runJobs } from './run-jobs.js';
import { removeParts } from './store.js';
import { progressOf, summaryOf } from './summary.js';
import { count, emptyTally, ended } from './tally.js';

// Exit codes, beside 0: all are done, and 2: wrong options.
const SOME_FAILED = 1;
/** 128 and the number of SIGINT, as shells have it. */
const INTERRUPTED = 130;

const { jobs, threads, out, monitor } = readOptions();
await mkdir(out, { recursive: true });
const pool = new ThreadPool({ name: 'jobs', maxThreads: threads });
if (monitor) console.error(`monitor: ${(await serveMonitor({ port: 0, watch: [pool] })).url}`);
const ctrlC$ = fromEvent(process, 'SIGINT');
ctrlC$.pipe(skip(1)).subscribe(() => process.exit(INTERRUPTED));

const start = performance.now();
const elapsed = (): number => performance.now() - start;
const [tally] = await lastValueFrom(
  runJobs(pool, threads, jobs, out).pipe(
    takeUntil(ctrlC$),
    scan(count, emptyTally(jobs)),
    startWith(emptyTally(jobs)),
    withLatestFrom(pool.stats$),
    showBar(process.stderr, ([tally, stats]) => progressOf(tally, stats, threads, elapsed())),
  ),
);
// What was cancelled is given the time to end, or is killed.
await pool.close();
await removeParts(out);
console.log(summaryOf(tally, pool.stats, elapsed(), out));

if (ended(tally) < jobs || tally.sheet < 1) process.exitCode = INTERRUPTED;
else if (tally.failures.length > 0) process.exitCode = SOME_FAILED;
