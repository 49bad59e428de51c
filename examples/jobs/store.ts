import { writeFileSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { currentThread } from 'rxjs-threading';

/** Worth another try. */
export class StoreBusyError extends Error {
  override name = 'StoreBusyError';
}

const PART = '.part';

/** All of a file or nothing of it: it gets its name when it is complete, unless the thread has been cancelled. */
export async function put(path: string, bytes: Uint8Array): Promise<void> {
  const { signal } = currentThread();
  await writeFile(path + PART, bytes, { signal });
  signal.throwIfAborted();
  await rename(path + PART, path);
}

/** A store like those out there: busy at times, and now and then it takes the worker down, always for the same frames. */
export async function putIfLucky(
  path: string,
  bytes: Uint8Array,
  frame: number,
  attempt: number,
): Promise<void> {
  const patience = frame % 151 === 150 ? Number.POSITIVE_INFINITY : frame % 7 === 3 ? 1 + (frame % 2) : 0;
  if (attempt <= patience) throw new StoreBusyError(`the store is busy (attempt ${attempt})`);
  if (frame % 97 === 60 && attempt === 1) {
    writeFileSync(path + PART, bytes.subarray(0, 100));
    process.exit(1);
  }
  await put(path, bytes);
}

/** What crashed or killed workers left. */
export async function removeParts(directory: string): Promise<void> {
  const parts = (await readdir(directory)).filter((name) => name.endsWith(PART));
  await Promise.all(parts.map((name) => rm(join(directory, name), { force: true })));
}
