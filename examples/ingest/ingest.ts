import { mkdir, open, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { connect, defer, finalize, map, mergeMap, type Observable, startWith, tap, zip } from 'rxjs';
import { Semaphore, threadMap, threadModule } from 'rxjs-threading';
import { Checkpoint, type Positions } from './checkpoint.js';
import { OUTPUTS } from './outputs.js';
import { pieces } from './pieces.js';
import { Writer } from './writer.js';

const worker = threadModule<typeof import('./parse.worker.js')>(
  new URL('./parse.worker.js', import.meta.url),
);
/** Pieces between the log and the outputs: enough for all workers while others are written. */
const ROOM = 4 * availableParallelism();

/** Where the outputs are: at first, and with each piece that all of them have. Unsubscribing stops at any point. */
export function ingest(log: string, directory: string): Observable<Positions> {
  return defer(() => openAll(log, directory)).pipe(
    mergeMap(({ checkpoint, writers }) => {
      const room = new Semaphore(ROOM);
      return pieces(log, checkpoint.readTo, room).pipe(
        threadMap(worker.parse),
        connect((parsed$) => zip(writers.map((writer) => parsed$.pipe(writer.write())))),
        tap(() => room.release()),
        map(() => checkpoint.positions),
        startWith(checkpoint.positions),
        finalize(() => void Promise.all(writers.map((writer) => writer.close()))),
      );
    }),
  );
}

async function openAll(
  log: string,
  directory: string,
): Promise<{ checkpoint: Checkpoint; writers: Writer[] }> {
  await mkdir(directory, { recursive: true });
  const checkpoint = await Checkpoint.load(directory);
  const foremost = checkpoint.readTo.at(-1) ?? 0;
  const { size } = await stat(log);
  if (size < foremost) {
    throw new Error(`${log} has ${size} bytes, but the checkpoint tells of ${foremost}: it is another log`);
  }
  const writers = await Promise.all(OUTPUTS.map((output) => Writer.open(directory, output, checkpoint)));
  // The checkpoint will tell of these files: after a power failure, they must be there.
  await syncDirectory(directory);
  return { checkpoint, writers };
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows opens no directories.
  if (process.platform === 'win32') return;
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
