// Reads the log of a web server and writes the records of each site into a file of their own. Stop it or kill it
// whenever you like: the next run goes on where it was.
import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  connect,
  fromEvent,
  ignoreElements,
  lastValueFrom,
  merge,
  take,
  takeUntil,
  tap,
  throttleTime,
} from 'rxjs';
import { serveMonitor } from 'rxjs-threading/monitor';
import type { Positions } from './checkpoint.js';
import { generate } from './generate.js';
import { ingest } from './ingest.js';

const { values: options } = parseArgs({
  options: {
    directory: { type: 'string', default: 'build/ingest' },
    records: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    monitor: { type: 'boolean', default: false },
  },
});
if (options.monitor) console.error(`monitor: ${(await serveMonitor({ port: 0 })).url}`);
const log = join(options.directory, 'access.log');
await mkdir(options.directory, { recursive: true });
if (!existsSync(log)) await generate(log, whole('records'), whole('seed'));
const { size: total } = await stat(log);

const stop$ = fromEvent(process, 'SIGINT').pipe(
  take(1),
  tap(() => {
    process.exitCode = 130;
    console.error('\nstopped; run it again to go on');
  }),
);
const reached = await lastValueFrom(
  ingest(log, join(options.directory, 'out')).pipe(
    connect((reached$) =>
      merge(reached$, reached$.pipe(throttleTime(200), tap(showProgress), ignoreElements())),
    ),
    takeUntil(stop$),
  ),
  { defaultValue: undefined },
);
if (reached !== undefined) {
  showProgress(reached);
  console.error();
  for (const [output, { records, size }] of Object.entries(reached)) {
    console.log(`${output}: ${records} records, ${size} bytes`);
  }
}

function showProgress(positions: Positions): void {
  const read = Math.min(...Object.values(positions).map(({ readTo }) => readTo));
  const line = `${Math.floor((100 * read) / Math.max(total, 1))} % of ${(total / 1e6).toFixed(1)} MB`;
  process.stderr.write(process.stderr.isTTY ? `\r${line} ` : `${line}\n`);
}

function whole(option: 'records' | 'seed'): number {
  const number = Number(options[option]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new RangeError(`--${option} must be a whole number, got '${options[option]}'`);
}
