import type { Redis } from 'ioredis';
import { packMessages } from './job-messages.js';

/** UTF-16 units of the messages that are told together: who hears is cut off by the engine where much more waits for him. */
const MOST_AT_ONCE = 2 ** 18;

/** What a process that serves tells of its jobs: all of a turn in one message a channel. */
export class JobOutbox {
  readonly #commands: Redis;
  readonly #gather: (send: () => void) => void;
  readonly #report: (error: unknown) => void;
  #lines = new Map<string, string[]>();

  /** @param gather - runs what is to be sent as the loop turns */
  constructor(commands: Redis, gather: (send: () => void) => void, report: (error: unknown) => void) {
    this.#commands = commands;
    this.#gather = gather;
    this.#report = report;
  }

  tell(channel: string, message: string): void {
    const line = this.#lines.get(channel);
    if (line !== undefined) {
      line.push(message);
      return;
    }
    this.#lines.set(channel, [message]);
    if (this.#lines.size === 1) this.#gather(() => this.flush());
  }

  /** Now, if there is anything. */
  flush(): void {
    if (this.#lines.size === 0) return;
    const lines = this.#lines;
    this.#lines = new Map();
    for (const [channel, line] of lines)
      for (const some of portions(line))
        this.#commands.publish(channel, packMessages(some)).catch(this.#report);
  }
}

function* portions(line: readonly string[]): Generator<readonly string[]> {
  let from = 0;
  let size = 0;
  for (const [nth, message] of line.entries()) {
    size += message.length;
    if (size <= MOST_AT_ONCE || nth === from) continue;
    yield line.slice(from, nth);
    from = nth;
    size = message.length;
  }
  yield line.slice(from);
}
