import type { Redis } from 'ioredis';
import { packMessages } from './job-messages.js';

/** The command that this file defines: see TELL. */
export type Telling = Redis & { tell(jobs: number, ...words: string[]): Promise<(0 | 1)[]> };

interface Entry {
  readonly message: string;
  /** Only if this start of the job has ended. */
  readonly end?: {
    readonly job: string;
    readonly cancel: string;
    readonly start: number;
    readonly told: (told: boolean) => void;
  };
}

/** UTF-16 units of the messages that are told together: who hears is cut off by the engine where much more waits for him. */
const MOST_AT_ONCE = 2 ** 18;

/**
 * KEYS: of each message the job, if it tells its end, and what stands for a cancel of it, which has come too late; ARGV: the
 * channel, and of each message itself and which start of the job must have ended, '' for none. Answers for each whether it
 * was told.
 */
const TELL = `
local texts, told = {}, {}
for n = 1, #KEYS / 2 do
  local start = ARGV[2 * n + 1]
  local ended = start == ''
  if not ended then
    local found = redis.call('HMGET', KEYS[2 * n - 1], 'finishedOn', 'ats')
    ended = found[1] and found[2] == start
    if ended then redis.call('DEL', KEYS[2 * n]) end
  end
  told[n] = ended and 1 or 0
  if ended then texts[#texts + 1] = ARGV[2 * n] end
end
if #texts > 0 then redis.call('PUBLISH', ARGV[1], table.concat(texts)) end
return told`;

/** What a process that serves tells of its jobs: all of a turn in one message a channel. */
export class JobOutbox {
  readonly #commands: Telling;
  readonly #gather: (send: () => void) => void;
  readonly #report: (error: unknown) => void;
  #lines = new Map<string, Entry[]>();

  /** @param gather - runs what is to be sent as the loop turns */
  constructor(commands: Redis, gather: (send: () => void) => void, report: (error: unknown) => void) {
    this.#commands = commands as Telling;
    this.#gather = gather;
    this.#report = report;
    commands.defineCommand('tell', { lua: TELL });
  }

  tell(channel: string, message: string): void {
    this.#put(channel, { message });
  }

  /**
   * Resolves with whether the engine has found that start of the job ended, and has told it. So it may be asked for right
   * behind the move that ends the job, whose answer need not be waited for.
   *
   * @param job - its key
   * @param cancel - the key of a cancel of it, which is deleted
   */
  tellEnd(channel: string, message: string, job: string, cancel: string, start: number): Promise<boolean> {
    return new Promise((told) => this.#put(channel, { message, end: { job, cancel, start, told } }));
  }

  #put(channel: string, entry: Entry): void {
    const line = this.#lines.get(channel);
    if (line !== undefined) {
      line.push(entry);
      return;
    }
    this.#lines.set(channel, [entry]);
    if (this.#lines.size === 1) this.#gather(() => this.#flush());
  }

  #flush(): void {
    const lines = this.#lines;
    this.#lines = new Map();
    for (const [channel, line] of lines) for (const some of portions(line)) this.#send(channel, some);
  }

  #send(channel: string, some: readonly Entry[]): void {
    if (some.every(({ end }) => end === undefined)) {
      const text = packMessages(some.map(({ message }) => message));
      this.#commands.publish(channel, text).catch(this.#report);
      return;
    }
    // All keys are of one slot.
    const jobs = some.flatMap(({ end }) => [end?.job ?? channel, end?.cancel ?? channel]);
    const messages = some.flatMap(({ message, end }) => [packMessages([message]), `${end?.start ?? ''}`]);
    this.#commands.tell(jobs.length, ...jobs, channel, ...messages).then(
      (told) => {
        for (const [nth, { end }] of some.entries()) end?.told(told[nth] === 1);
      },
      (error) => {
        this.#report(error);
        for (const { end } of some) end?.told(false);
      },
    );
  }
}

function* portions(line: readonly Entry[]): Generator<readonly Entry[]> {
  let from = 0;
  let size = 0;
  for (const [nth, { message }] of line.entries()) {
    size += message.length;
    if (size <= MOST_AT_ONCE || nth === from) continue;
    yield line.slice(from, nth);
    from = nth;
    size = message.length;
  }
  yield line.slice(from);
}
