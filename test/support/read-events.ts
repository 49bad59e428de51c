import type { MonitorMessage } from 'rxjs-threading/monitor';

/** A message of `GET events`, with its id. */
export type Numbered = MonitorMessage & { readonly id: number };

/** What a text of server-sent events says; comments are left out. */
export function messagesIn(text: string): Numbered[] {
  return text.split('\n\n').flatMap((block) => {
    const fields = new Map(
      block.split('\n').map((line) => [line.split(': ', 1)[0], line.replace(/^\w+: /, '')]),
    );
    const data = fields.get('data');
    if (data === undefined) return [];
    return [{ kind: fields.get('event'), id: Number(fields.get('id')), ...JSON.parse(data) } as Numbered];
  });
}

/** Reads events over HTTP, one message after the other. */
export class EventsReader {
  readonly #abort = new AbortController();
  readonly #messages: Numbered[] = [];
  #rest = '';
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #url: string;
  readonly #decoder = new TextDecoder();

  constructor(url: string) {
    this.#url = url;
  }

  async open(lastId?: number): Promise<this> {
    const headers = lastId === undefined ? {} : { 'last-event-id': `${lastId}` };
    const response = await fetch(`${this.#url}events`, { headers, signal: this.#abort.signal });
    if (response.status !== 200) throw new Error(`events: ${response.status} ${await response.text()}`);
    this.#reader = response.body?.getReader();
    return this;
  }

  /** undefined: the server has ended the stream. */
  async next(): Promise<Numbered | undefined> {
    while (this.#messages.length === 0) {
      const { done, value } = (await this.#reader?.read()) ?? { done: true, value: undefined };
      if (done) return undefined;
      this.#rest += this.#decoder.decode(value, { stream: true });
      const end = this.#rest.lastIndexOf('\n\n');
      if (end < 0) continue;
      this.#messages.push(...messagesIn(this.#rest.slice(0, end)));
      this.#rest = this.#rest.slice(end + 2);
    }
    return this.#messages.shift();
  }

  /** The next message that is such. Rejects when the stream ends before. */
  async until(is: (message: Numbered) => boolean): Promise<Numbered> {
    for (;;) {
      const message = await this.next();
      if (message === undefined) throw new Error('the stream has ended');
      if (is(message)) return message;
    }
  }

  close(): void {
    this.#abort.abort();
  }
}
