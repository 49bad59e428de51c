import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machines, RemoteLock } from 'rxjs-threading/redis';
import { OUTPUTS, type Output } from '../ingest/outputs.js';

/** How far an output is: as in ../ingest/checkpoint.ts. */
export interface Position {
  readonly readTo: number;
  readonly size: number;
  readonly records: number;
}

export type Positions = Readonly<Record<Output, Position>>;

const START: Position = { readTo: 0, size: 0, records: 0 };

/**
 * The positions of all outputs, in one file, which processes on several machines change.
 * Invariant: what the file says is on the disk. It is replaced as a whole, by who holds the lock.
 */
export class SharedCheckpoint {
  /** A process that dies with it leaves the file whole, so who comes next may go on. */
  readonly lock: RemoteLock;
  readonly #machines: Machines;
  readonly #path: string;

  constructor(machines: Machines, directory: string) {
    this.#machines = machines;
    this.lock = machines.lock('checkpoint', { onOwnerDied: 'grant' });
    this.#path = join(directory, 'checkpoint.json');
  }

  async read(): Promise<Positions> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    const saved: Partial<Positions> = JSON.parse(text);
    return Object.fromEntries(OUTPUTS.map((output) => [output, saved[output] ?? START])) as Positions;
  }

  /** Only for who holds the lock: others have changed the file since. */
  async save(output: Output, position: Position): Promise<void> {
    const positions = { ...(await this.read()), [output]: position };
    const unfinished = `${this.#path}.${output}`;
    const file = await open(unfinished, 'w');
    try {
      await file.writeFile(JSON.stringify(positions, undefined, 2));
      await file.sync();
    } finally {
      await file.close();
    }
    // A file system has no fence. The next best: look right before, so that only a pause in this very line can harm.
    if (!this.#machines.valid) throw new Error('the lease is over: another may have saved meanwhile');
    await rename(unfinished, this.#path);
  }
}
