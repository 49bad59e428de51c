// One of the processes: reads the log, and writes the records of its share of the sites.
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { concatMap, connect, finalize, lastValueFrom, type Observable, tap, zip } from 'rxjs';
import { Semaphore, threadMap, threadModule, withLock } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';
import type { Position } from '../ingest/checkpoint.js';
import { OUTPUTS, type Output } from '../ingest/outputs.js';
import type { Parsed } from '../ingest/parse.worker.js';
import { pieces } from '../ingest/pieces.js';
import { SharedCheckpoint } from './checkpoint.js';

const [url = '', directory = '', share = '0', shares = '1'] = process.argv.slice(2);
const worker = threadModule<typeof import('../ingest/parse.worker.js')>(
  new URL('../ingest/parse.worker.js', import.meta.url),
);
const machines = new Machines({ connection: url, namespace: 'ingest', name: `share ${share}`, lease: 2000 });
const checkpoint = new SharedCheckpoint(machines, directory);
const mine = OUTPUTS.filter((_, nth) => nth % Number(shares) === Number(share));

const positions = await checkpoint.read();
const files = new Map<Output, FileHandle>();
for (const output of mine) {
  const file = await open(join(directory, `${output}.ndjson`), 'a');
  // What was appended and not noted will come again.
  await file.truncate(positions[output].size);
  files.set(output, file);
}

/** Appends a writer's part of each piece, and notes it under the lock of all writers on all machines. */
function write(output: Output, parsed$: Observable<Parsed>): Observable<void> {
  let at: Position = positions[output];
  return parsed$.pipe(
    concatMap(async ({ end, parts }) => {
      if (end > at.readTo) {
        const { bytes, records } = parts[output];
        await files.get(output)?.appendFile(bytes);
        await files.get(output)?.datasync();
        at = { readTo: end, size: at.size + bytes.length, records: at.records + records };
      }
      return at;
    }),
    withLock(checkpoint.lock, (position) => checkpoint.save(output, position)),
  );
}

const room = new Semaphore(4);
const cuts = mine.map((output) => positions[output].readTo).sort((one, other) => one - other);
await lastValueFrom(
  pieces(join(directory, 'access.log'), cuts, room).pipe(
    threadMap(worker.parse),
    connect((parsed$) => zip(mine.map((output) => write(output, parsed$)))),
    tap(() => room.release()),
    finalize(() => void Promise.all([...files.values()].map((file) => file.close()))),
  ),
  { defaultValue: undefined },
);
await machines.close();
