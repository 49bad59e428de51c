import { BroadcastChannel } from 'node:worker_threads';
import type { PackedError } from './error-wire.js';
import type { TraceEvent } from './trace-events.js';
import type { Wired } from './wire.js';

/**
 * What threads tell one another that neither shared memory nor the port to whoever started them can carry. Every
 * thread that listens hears all of it.
 */
export type BusMessage =
  | { readonly kind: 'trace'; readonly event: TraceEvent & { readonly arg: Wired } }
  /** To the thread that started `ident`, from the thread `by`; `asks` numbers the question. */
  | {
      readonly kind: 'ask';
      readonly ident: number;
      readonly by: number;
      readonly asks: string;
      readonly about: Question;
    }
  /** Whoever asked has read so many values, or wants no more. */
  | { readonly kind: 'read'; readonly asks: string; readonly values: number }
  | { readonly kind: 'leave'; readonly asks: string }
  | { readonly kind: 'answer'; readonly asks: string; readonly answer: Answer };

export type Question = 'output' | 'result' | 'terminate' | { readonly cancel: PackedError };
export type Answer =
  | { readonly values: Wired }
  | { readonly error: PackedError }
  | { readonly complete: true };

type Kind = BusMessage['kind'];
type Listener = (message: BusMessage) => void;

const listeners = new Map<Kind, Listener>();
let channel: BroadcastChannel | undefined;

function open(): BroadcastChannel {
  if (channel !== undefined) return channel;
  channel = new BroadcastChannel('rxjs-threading');
  channel.onmessage = (event) => {
    const message = (event as { readonly data: BusMessage }).data;
    listeners.get(message.kind)?.(message);
  };
  // Nobody is kept alive by what others may have to say.
  channel.unref();
  return channel;
}

export function broadcast(message: BusMessage): void {
  open().postMessage(message);
}

/** One listener a kind. */
export function listen<K extends Kind>(
  kind: K,
  heard: (message: Extract<BusMessage, { kind: K }>) => void,
): void {
  listeners.set(kind, heard as Listener);
  open();
}
