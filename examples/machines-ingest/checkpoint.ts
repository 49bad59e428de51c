import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machines, RemoteLock } from 'rxjs-threading/redis';
import { type Position, type Positions, readPositions, writePositions } from '../ingest/checkpoint.js';
import type { Output } from '../ingest/outputs.js';

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

  read(): Promise<Positions> {
    return readPositions(this.#path);
  }

  /** Only for who holds the lock: others have changed the file since. */
  async save(output: Output, position: Position): Promise<void> {
    const positions = { ...(await this.read()), [output]: position };
    const unfinished = await writePositions(this.#path, output, positions);
    // A file system has no fence. The next best: look right before, so that only a pause in this very line can harm.
    if (!this.#machines.valid) throw new Error('the lease is over: another may have saved meanwhile');
    await rename(unfinished, this.#path);
  }
}
