import type { Observable, Subscription } from 'rxjs';
import type { Semaphore } from '../primitives/semaphore.js';
import { nextTurn, now } from '../primitives/waiting/event-loop.js';
import { ENDED, VALUES } from './job-messages.js';

/** Values that a target may be ahead of who reads them. */
export const ROOM = 1000;
/** Values in one message, and their UTF-16 units. */
const AT_ONCE = 250;
const UNITS_AT_ONCE = 2 ** 18;
/** UTF-16 units on their way: the engine cuts off who has 32 MB before him, and would at each attempt to catch up. */
const MOST_UNITS = 2 ** 21;

/** What a stream has ended with. */
export interface Failure {
  readonly error: unknown;
}

/**
 * The values of a job that streams, where it runs: sends them, and keeps each until it was read, because a message may be
 * lost. The target is let on as they are read.
 */
export class JobStream {
  /** Encoded: those that were not read, from index `#first` on. */
  readonly #kept: string[] = [];
  #first = 0;
  /** Of the next to be sent. */
  #next = 0;
  /** UTF-16 units of those that were sent, and not read. */
  #units = 0;
  #sending = false;
  #ended = false;
  #allRead: (() => void) | undefined;
  #values: Subscription | undefined;
  readonly #room: Semaphore;
  readonly #tell: (kind: string, count: number, text: string) => void;
  /** When who reads was heard last: `now()`. */
  heardAt: number = now();

  constructor(room: Semaphore, tell: (kind: string, count: number, text: string) => void) {
    this.#room = room;
    this.#tell = tell;
  }

  get count(): number {
    return this.#first + this.#kept.length;
  }

  /** Sends all values of a target, and resolves when it has ended, with the error it ended with, if any. */
  send(
    values: Observable<unknown>,
    encode: (value: unknown, index: number) => string,
  ): Promise<Failure | undefined> {
    let index = 0;
    return new Promise((resolve) => {
      this.#values = values.subscribe({
        next: (value) => {
          try {
            this.push(encode(value, index++));
          } catch (error) {
            this.leave();
            resolve({ error });
          }
        },
        error: (error) => resolve({ error }),
        complete: () => resolve(undefined),
      });
    });
  }

  /** The target is to end. */
  leave(): void {
    this.#values?.unsubscribe();
  }

  push(text: string): void {
    this.#kept.push(text);
    this.#sendSoon();
  }

  #sendSoon(): void {
    if (this.#sending) return;
    this.#sending = true;
    nextTurn(() => this.#send());
  }

  #send(): void {
    this.#sending = false;
    while (this.#next < this.count && this.#units < MOST_UNITS) {
      const some = this.#some(this.#next - this.#first);
      this.#tell(VALUES, this.#next, JSON.stringify(some));
      this.#next += some.length;
    }
    if (this.#ended && this.#next === this.count) this.#tell(ENDED, this.count, '');
  }

  /** At least one value, and no more than one message is to have. */
  #some(from: number): readonly string[] {
    let to = from;
    let units = 0;
    while (to < this.#kept.length && to - from < AT_ONCE && units < UNITS_AT_ONCE)
      units += this.#kept[to++]?.length ?? 0;
    this.#units += units;
    return this.#kept.slice(from, to);
  }

  /** @param count - values that were read */
  read(count: number): void {
    this.heardAt = now();
    const read = Math.min(count, this.count) - this.#first;
    if (read <= 0) return;
    const sent = this.#next - this.#first;
    for (const text of this.#kept.splice(0, read).slice(0, sent)) this.#units -= text.length;
    this.#first += read;
    this.#next = Math.max(this.#next, this.#first);
    this.#room.release(read);
    if (this.#kept.length === 0) this.#allRead?.();
    else if (this.#next < this.count) this.#sendSoon();
  }

  /** What came after these is sent once more. */
  again(count: number): void {
    this.read(count);
    this.#next = this.#first;
    this.#units = 0;
    this.#send();
  }

  /** Resolves once all was read. */
  async end(): Promise<void> {
    this.#ended = true;
    const read = new Promise<void>((resolve) => {
      this.#allRead = resolve;
    });
    if (this.#kept.length === 0) return;
    this.#send();
    await read;
  }
}
