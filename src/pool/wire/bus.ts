import { BroadcastChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { tableName } from '../../primitives/threads/table.js';
import { someoneTraces } from '../../primitives/threads/trace-flag.js';

/** What goes over the channel: a topic's name and one of its messages. */
interface Envelope {
  readonly topic: string;
  readonly message: unknown;
}

/** Messages that are heard at once, because others may publish faster than they are heard. */
const MOST_HEARD = 10_000;

const listeners = new Map<string, (message: unknown) => void>();
let channel: BroadcastChannel | undefined;

function open(): BroadcastChannel {
  if (channel !== undefined) return channel;
  channel = new BroadcastChannel(`rxjs-threading ${tableName()}`);
  channel.onmessage = (event) => hear((event as { readonly data: Envelope }).data);
  // A listener does not keep its thread alive: another thread may always have something to publish.
  channel.unref();
  return channel;
}

function hear({ topic, message }: Envelope): void {
  listeners.get(topic)?.(message);
}

/**
 * Hears the traces now that the event loop would bring later. Called before a thread's end is told, because the loop
 * promises no order between this channel and a port: who is told of an end has heard of all that the thread did.
 */
export function drainTraces(): void {
  if (someoneTraces()) drainBus();
}

/**
 * Hears now what the event loop would bring later: whoever told it may be no more.
 *
 * @returns whether that was all; false: the first MOST_HEARD messages
 */
export function drainBus(): boolean {
  if (channel === undefined) return true;
  for (let heard = 0; heard < MOST_HEARD; heard++) {
    // Node takes a channel too; its types do not say so.
    const next = receiveMessageOnPort(channel as unknown as MessagePort);
    if (next === undefined) return true;
    hear(next.message as Envelope);
  }
  return false;
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
