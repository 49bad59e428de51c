import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { mergeScan, type OperatorFunction, pipe } from 'rxjs';
import { withLock } from 'rxjs-threading';
import type { Checkpoint, Position } from './checkpoint.js';
import type { Output } from './outputs.js';
import type { Parsed } from './parse.worker.js';

/** One output: its file, and what is appended to it. */
export class Writer {
  readonly #output: Output;
  readonly #file: FileHandle;
  readonly #checkpoint: Checkpoint;

  private constructor(output: Output, file: FileHandle, checkpoint: Checkpoint) {
    this.#output = output;
    this.#file = file;
    this.#checkpoint = checkpoint;
  }

  /** Cuts off what was appended but not noted: it will come again. */
  static async open(directory: string, output: Output, checkpoint: Checkpoint): Promise<Writer> {
    const path = join(directory, `${output}.ndjson`);
    const noted = checkpoint.positions[output].size;
    const file = await open(path, 'a');
    const { size } = await file.stat();
    if (size < noted) {
      await file.close();
      throw new Error(`${path} has ${size} bytes, but the checkpoint tells of ${noted}: it was changed`);
    }
    await file.truncate(noted);
    return new Writer(output, file, checkpoint);
  }

  /**
   * Emits once for each piece, when its part of it is safe. Each writer appends to its own file, whatever the others do;
   * the checkpoint is all writers'.
   */
  write(): OperatorFunction<Parsed, void> {
    const checkpoint = this.#checkpoint;
    return pipe(
      mergeScan((at, parsed) => this.#append(at, parsed), checkpoint.positions[this.#output], 1),
      withLock(checkpoint.lock, (position) => checkpoint.save(this.#output, position)),
    );
  }

  async #append(at: Position, { end, parts }: Parsed): Promise<Position> {
    // A run before was killed when this output had it, and others had not.
    if (end <= at.readTo) return at;
    const { bytes, records } = parts[this.#output];
    await this.#file.appendFile(bytes);
    await this.#file.datasync();
    return { readTo: end, size: at.size + bytes.length, records: at.records + records };
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
