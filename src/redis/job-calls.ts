import { type Packable, pack } from './script/pack.js';

/** Calls that one message brings: it is the cheaper for each the more there are, and holds up everybody else until all are done. */
const AT_ONCE = 25;
/** UTF-16 units of them, unless one has more: the engine takes no more than 512 MB at once, and answers none before it has all. */
const MOST_AT_ONCE = 2 ** 18;

interface Call {
  readonly args: Packable;
  /** What is ours, behind BullMQ's. */
  readonly own: readonly string[];
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** What calls.lua answers. */
type Answers = readonly [answers: readonly unknown[], failed: readonly string[]];

/** Calls of one script of BullMQ: those that come together go to the engine in one message. See calls.lua. */
export class JobCalls {
  readonly #send: (calls: Buffer) => Promise<unknown>;
  readonly #keys: number;
  readonly #later: (flush: () => void) => void;
  #calls: Call[] = [];
  /** UTF-16 units that they bring. */
  #size = 0;

  /**
   * @param keys - how many of the arguments are keys
   * @param later - runs it once all that come together have come
   */
  constructor(send: (calls: Buffer) => Promise<unknown>, keys: number, later: (flush: () => void) => void) {
    this.#send = send;
    this.#keys = keys;
    this.#later = later;
  }

  /** @param args - BullMQ's */
  ask(args: readonly unknown[], own: readonly string[] = []): Promise<unknown> {
    const texts = args.map(textOf);
    const size = [...texts, ...own].reduce((all, { length }) => all + length, 0);
    if (this.#size + size > MOST_AT_ONCE) this.flush();
    this.#size += size;
    const given = [texts.splice(0, this.#keys), texts];
    return new Promise((resolve, reject) => {
      const many = this.#calls.push({ args: given, own, resolve, reject });
      if (many === 1) this.#later(() => this.flush());
      else if (many === AT_ONCE) this.flush();
    });
  }

  /** Those that have come go by now. */
  flush(): void {
    const calls = this.#calls;
    this.#calls = [];
    this.#size = 0;
    if (calls.length > 0) void this.#bring(calls);
  }

  async #bring(calls: readonly Call[]): Promise<void> {
    try {
      settle(calls, (await this.#send(pack(calls.map(({ args, own }) => [args, own])))) as Answers);
    } catch (error) {
      for (const { reject } of calls) reject(error as Error);
    }
  }
}

function settle(calls: readonly Call[], [answers, failed]: Answers): void {
  for (const text of failed) {
    const nth = text.split(' ', 1)[0] as string;
    calls[Number(nth) - 1]?.reject(refusal(text.slice(nth.length + 1)));
  }
  // Those that failed are settled by then.
  for (const [nth, { resolve }] of calls.entries()) resolve(answers[nth]);
}

/** As ioredis has what the engine refuses. */
function refusal(message: string): Error {
  const error = new Error(message);
  error.name = 'ReplyError';
  return error;
}

/** As ioredis sends it. */
function textOf(value: unknown): string | Buffer {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
  return value === undefined || value === null ? '' : String(value);
}
