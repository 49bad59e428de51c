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
  // Nobody is kept alive by what others may have to say.
  channel.unref();
  return channel;
}

/**
 * What threads of one table tell one another that neither shared memory nor the port to whoever started them can carry. Every
 * thread that listens to a topic hears all of it.
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
