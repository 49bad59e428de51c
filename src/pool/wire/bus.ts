import { BroadcastChannel } from 'node:worker_threads';
import { tableName } from '../../primitives/threads/table.js';

/** What goes over the channel: a topic's name and one of its messages. */
interface Envelope {
  readonly topic: string;
  readonly message: unknown;
}

const listeners = new Map<string, (message: unknown) => void>();
let channel: BroadcastChannel | undefined;

function open(): BroadcastChannel {
  if (channel !== undefined) return channel;
  channel = new BroadcastChannel(`rxjs-threading ${tableName()}`);
  channel.onmessage = (event) => {
    const { topic, message } = (event as { readonly data: Envelope }).data;
    listeners.get(topic)?.(message);
  };
  // A listener does not keep its thread alive: another thread may always have something to publish.
  channel.unref();
  return channel;
}

/**
 * A subject on which all threads of one table can publish, and listen to one another. For what neither shared memory
 * nor the port between a thread and its starter can carry: trace events, and questions about threads started elsewhere.
 * Every thread that listens to a topic receives all of its messages.
 */
export class Topic<M> {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  publish(message: M): void {
    open().postMessage({ topic: this.#name, message } satisfies Envelope);
  }

  /** One listener a topic. */
  listen(heard: (message: M) => void): void {
    listeners.set(this.#name, heard as (message: unknown) => void);
    open();
  }
}
