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
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    const saved: Partial<Positions> = JSON.parse(text);
    const all = OUTPUTS.map((output) => [output, saved[output] ?? START]);
    return new Checkpoint(path, Object.fromEntries(all) as Positions);
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
    const unfinished = `${this.#path}.${output}`;
    const file = await open(unfinished, 'w');
    try {
      await file.writeFile(JSON.stringify(positions, undefined, 2));
      await file.sync();
    } finally {
      await file.close();
    }
    // Whoever reads it, after whatever crash, finds the one before or this one.
    await rename(unfinished, this.#path);
    this.#positions = positions;
  }
}
