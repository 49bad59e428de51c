import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Lock } from 'rxjs-threading';
import { OUTPUTS, type Output } from './outputs.js';

/** How far an output is. */
export interface Position {
  /** It has all records that it gets from this many bytes of the log. */
  readonly readTo: number;
  /** Its own length with them, in bytes. */
  readonly size: number;
  readonly records: number;
}

export type Positions = Readonly<Record<Output, Position>>;

const START: Position = { readTo: 0, size: 0, records: 0 };

/** What the file at `path` says; of an output that it does not name, the start. */
export async function readPositions(path: string): Promise<Positions> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  const saved: Partial<Positions> = JSON.parse(text);
  return Object.fromEntries(OUTPUTS.map((output) => [output, saved[output] ?? START])) as Positions;
}

/** Writes the positions, synced, to a file beside `path`, which it is then to be renamed to. Returns its path. */
export async function writePositions(path: string, output: Output, positions: Positions): Promise<string> {
  const unfinished = `${path}.${output}`;
  const file = await open(unfinished, 'w');
  try {
    await file.writeFile(JSON.stringify(positions, undefined, 2));
    await file.sync();
  } finally {
    await file.close();
  }
  return unfinished;
}

/**
 * The positions of all outputs, in one file.
 * Invariant: what the file says is on the disk. It is replaced as a whole, after the outputs have been synced.
 */
export class Checkpoint {
  /** Two that save at once would each forget what the other has saved. */
  readonly lock: Lock = new Lock({ name: 'checkpoint' });
  readonly #path: string;
  #positions: Positions;

  private constructor(path: string, positions: Positions) {
    this.#path = path;
    this.#positions = positions;
  }

  static async load(directory: string): Promise<Checkpoint> {
    const path = join(directory, 'checkpoint.json');
    return new Checkpoint(path, await readPositions(path));
  }

  get positions(): Positions {
    return this.#positions;
  }

  /** Where outputs are in the log, from the last to the foremost: not all came as far before the end. */
  get readTo(): number[] {
    return Object.values(this.#positions)
      .map(({ readTo }) => readTo)
      .sort((one, other) => one - other);
  }

  /** Only for who holds the lock. What `position` says must have been synced. */
  async save(output: Output, position: Position): Promise<void> {
    const positions = { ...this.#positions, [output]: position };
    // Each output has its own: a save that was begun goes on when its subscription, and with it the lock, is given up.
    const unfinished = await writePositions(this.#path, output, positions);
    // Whoever reads it, after whatever crash, finds the one before or this one.
    await rename(unfinished, this.#path);
    this.#positions = positions;
  }
}
