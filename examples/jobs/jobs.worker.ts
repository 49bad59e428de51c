// The jobs, as they run in the pool's workers.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { currentThread, reportProgress } from 'rxjs-threading';
import { record } from './camera.js';
import { boxBlur, parsePpm, shrink } from './picture.js';
import { fromPng, toPng } from './png.js';
import { put, putIfLucky } from './store.js';

const BLUR = 2;
const FACTOR = 4;
const TILE = { width: 48, height: 36 };

/** A short job, of some ms. How many bytes it has written. */
export async function thumbnail(frame: number, attempt: number, directory: string): Promise<number> {
  const png = toPng(shrink(boxBlur(parsePpm(record(frame)), BLUR), FACTOR));
  await putIfLucky(join(directory, fileOf(frame)), png, frame, attempt);
  return png.length;
}

/** A long one, which reports how far it is, from 0 to 1: all thumbnails on one sheet, with holes where there is none. */
export async function contactSheet(directory: string, frames: number): Promise<number> {
  const columns = Math.ceil(Math.sqrt(frames));
  const rows = Math.ceil(frames / columns);
  const width = columns * TILE.width;
  const height = rows * TILE.height;
  const pixels = new Uint8Array(width * height * 3);
  const { signal } = currentThread();
  for (let frame = 0; frame < frames; frame++) {
    const tile = await thumbnailOf(directory, frame, signal);
    if (tile !== undefined) {
      const left = (frame % columns) * TILE.width;
      const top = Math.floor(frame / columns) * TILE.height;
      for (let y = 0; y < TILE.height; y++) {
        const line = tile.subarray(y * TILE.width * 3, (y + 1) * TILE.width * 3);
        pixels.set(line, ((top + y) * width + left) * 3);
      }
    }
    if (frame % columns === 0) reportProgress(frame / frames);
  }
  const png = toPng({ width, height, pixels });
  await put(join(directory, 'sheet.png'), png);
  reportProgress(1);
  return png.length;
}

async function thumbnailOf(
  directory: string,
  frame: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    return fromPng(await readFile(join(directory, fileOf(frame)), { signal })).pixels;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function fileOf(frame: number): string {
  return `frame-${String(frame).padStart(4, '0')}.png`;
}
