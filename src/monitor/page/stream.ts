import type { MonitorMessage } from '../protocol.js';

/** How it stands with the stream of messages. `since`: when that began, ms of Date.now(). */
export type Connection =
  | { readonly state: 'opening' | 'live' | 'paused'; readonly since: number }
  | { readonly state: 'lost'; readonly since: number }
  | { readonly state: 'ended'; readonly since: number; readonly code: number };

/** ms without a byte, after which the other end is taken for gone: it sends a comment every 5 s. */
const SILENCE = 12_000;
/** ms between two tries to connect. */
const RETRY = 1000;

/**
 * `GET events`, read by fetch: an EventSource neither tells of comments, by which silence is told from loss, nor sends the
 * number of the last message when it is opened again.
 */
export class Stream {
  connection: Connection = { state: 'opening', since: Date.now() };
  readonly #message: (message: MonitorMessage) => void;
  readonly #changed: () => void;
  #last: string | null = null;
  #abort: AbortController | null = null;
  #wanted = false;

  constructor(message: (message: MonitorMessage) => void, changed: () => void) {
    this.#message = message;
    this.#changed = changed;
  }

  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#become({ state: 'opening', since: Date.now() });
    void this.#run();
  }

  /** It is opened again where it was, or with a new snapshot if that is too long ago. */
  pause(): void {
    this.#wanted = false;
    this.#abort?.abort();
    this.#become({ state: 'paused', since: Date.now() });
  }

  async #run(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    while (!abort.signal.aborted) {
      // However it ended, what is to be told of it is that it did.
      await this.#read(abort.signal).catch(() => undefined);
      if (abort.signal.aborted) return;
      const { state } = this.connection;
      if (state !== 'ended' && state !== 'lost') this.#become({ state: 'lost', since: Date.now() });
      await new Promise((resolve) => setTimeout(resolve, RETRY));
    }
  }

  /** Until the connection ends, for whatever reason. */
  async #read(signal: AbortSignal): Promise<void> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE);
    const headers = this.#last === null ? {} : { 'last-event-id': this.#last };
    try {
      const response = await fetch('./events', {
        headers,
        signal: AbortSignal.any([signal, silence.signal]),
      });
      if (!response.ok || response.body === null) throw new Error(`events: ${response.status}`);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parse = parser((id, text) => this.#take(id, text));
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE);
        parse(value);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #take(id: string | null, message: MonitorMessage): void {
    if (id !== null) this.#last = id;
    if (message.kind === 'bye') {
      this.#last = null;
      this.#become({ state: 'ended', since: Date.now(), code: message.code });
    } else if (this.connection.state !== 'live') this.#become({ state: 'live', since: Date.now() });
    this.#message(message);
  }

  #become(connection: Connection): void {
    this.connection = connection;
    this.#changed();
  }
}

/** Of server-sent events, as they come in pieces: calls `take` for each that is whole. */
function parser(take: (id: string | null, message: MonitorMessage) => void): (piece: string) => void {
  let rest = '';
  let [kind, id, data]: [string, string | null, string] = ['', null, ''];
  return (piece) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const ended of lines) {
      const line = ended.replace(/\r$/, '');
      if (line === '') {
        if (data !== '') take(id, { kind, ...JSON.parse(data) });
        [kind, id, data] = ['', null, ''];
        continue;
      }
      const colon = line.indexOf(':');
      // A line that begins with it is a comment.
      if (colon === 0) continue;
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') kind = value;
      else if (field === 'id') id = value;
      else if (field === 'data') data += value;
    }
  };
}
