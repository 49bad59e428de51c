import type { JobsOptions } from 'bullmq';

/*
 * What passes between who wants a job and who runs it, by PUBLISH. It may be lost: an end is in the engine as well, and
 * values of a stream are told again when they are asked for.
 *
 * To the channel of who wants it: RESULT, FAILED, PROGRESS (each with the attempt), VALUES (with the index of the first),
 * ENDED (with how many values there were). To the channel of all that serve the pool: CANCEL, READ and AGAIN (with how many
 * values were read; AGAIN asks for all after these). What is told together is one message.
 */

export const RESULT = 'r';
export const FAILED = 'e';
export const PROGRESS = 'p';
export const VALUES = 'v';
export const ENDED = 'z';
export const CANCEL = 'x';
export const READ = 'a';
export const AGAIN = 'w';

/** One of these. */
export interface JobMessage {
  /** The job's. */
  readonly id: string;
  readonly kind: string;
  readonly count: number;
  /** What comes with it, encoded; '' for undefined. */
  readonly text: string;
}

export function packMessage(id: string, kind: string, count: number, text = ''): string {
  return `${id} ${kind} ${count} ${text}`;
}

/** Each behind its length in UTF-16 units, because a codec may give any text. */
export function packMessages(messages: readonly string[]): string {
  return messages.map((message) => `${message.length} ${message}`).join('');
}

export function* readMessages(text: string): Generator<JobMessage> {
  for (let at = 0; at < text.length; ) {
    const from = text.indexOf(' ', at) + 1;
    const to = from + Number(text.slice(at, from));
    // Somebody else's.
    if (!(to > from && from > at)) return;
    yield readMessage(text.slice(from, to));
    at = to;
  }
}

function readMessage(message: string): JobMessage {
  const first = message.indexOf(' ');
  const second = message.indexOf(' ', first + 1);
  const third = message.indexOf(' ', second + 1);
  return {
    id: message.slice(0, first),
    kind: message.slice(first + 1, second),
    count: Number(message.slice(second + 1, third)),
    text: message.slice(third + 1),
  };
}

/** How BullMQ has a job in its queue, and what it keeps of ours with that. */
export interface JobOptions extends JobsOptions {
  /** The key that says which job the timer's is: see script/job-add.lua. */
  readonly timer?: string;
  /** The key that says that it was added: see there. */
  readonly added?: string;
}

/** What a job in the queue has as its data; its name is that of the export. */
export interface JobData {
  /** An array, encoded. */
  readonly args: string;
  /** The channel of who wants it; absent: nobody is told. */
  readonly reply?: string;
  /** Every value of what the target streams is wanted. */
  readonly stream?: true;
  /** ms */
  readonly grace?: number;
  /** ms */
  readonly timeout?: number;
  readonly maxDeaths?: number;
  /** Others may want the same job: it has a set of those that do. */
  readonly shared?: true;
  /** Deaths of before it was tried again by hand. */
  readonly forgiven?: number;
  /** What its last attempt failed with: see job-errors.ts. */
  readonly error?: string;
}
