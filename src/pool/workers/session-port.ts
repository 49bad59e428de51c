import type { MessagePort } from 'node:worker_threads';
import { clock } from '../../primitives/threads/table.js';
import type { FromWorker, ToWorker } from '../wire/messages.js';
import { PortChannel, type UnreadMessage } from '../wire/port-channel.js';
import type { Job } from './job.js';

/** Messages, and ms, that are heard in one turn of the event loop. */
const MOST_HEARD = 1000;
const HEARD_MS = 5;

/** The starter's end of a session's port. */
export class SessionPort {
  readonly channel: PortChannel<ToWorker, FromWorker>;
  readonly #heed: (message: FromWorker | UnreadMessage) => void;
  readonly #allHeard: () => void;
  #draining = false;
  /** Reasons why the port is to keep the process alive. */
  #holds = 0;
  /** Jobs that have ended and whose output is on its way: the process stays for it, also where it did not for the job. */
  readonly flushes: Job[] = [];
  /** When the messages that are being heard were received, in ms on the clock of all threads. */
  heardAt = 0;

  /**
   * @param heed - called with each message
   * @param allHeard - called when all that had come by now has been heeded
   */
  constructor(port: MessagePort, heed: (message: FromWorker | UnreadMessage) => void, allHeard: () => void) {
    this.channel = new PortChannel(port);
    this.#heed = heed;
    this.#allHeard = allHeard;
    this.channel.hear((message) => this.#hear(message));
  }

  #hear(message: FromWorker | UnreadMessage): void {
    if (this.#draining) this.#heed(message);
    else {
      this.heardAt = clock();
      this.#heed(message);
      // While this thread is awake to hear it, no message of the worker has to wake it.
      this.drain(MOST_HEARD, HEARD_MS);
    }
  }

  /** Hears now what the event loop would bring later. @param most - messages, and after so many ms no more */
  drain(most?: number, ms?: number): void {
    const nested = this.#draining;
    this.#draining = true;
    this.heardAt = clock();
    this.channel.drain(most, ms);
    this.#draining = nested;
    if (!nested) this.#allHeard();
  }

  /** One more reason to keep the process alive, or one less. */
  hold(by: 1 | -1): void {
    this.#holds += by;
    if (this.#holds === 0 || (this.#holds === 1 && by === 1)) this.channel.hold(this.#holds > 0);
  }

  flushBegins(job: Job): void {
    this.flushes.push(job);
    this.hold(1);
  }

  /** The one whose output is out. */
  flushEnds(): Job | undefined {
    const job = this.flushes.shift();
    if (job !== undefined) this.hold(-1);
    return job;
  }
}
