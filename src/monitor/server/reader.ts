/** Where a reader's text goes: a connection. */
export interface Sink {
  /** false: it has enough for now. Whoever made it calls `drained` of the reader once there is room again. */
  write(text: string): boolean;
  end(): void;
}

/** What readers read: feed.ts. */
export interface Readable {
  readonly version: number;
  /** How far the events of this version go. */
  readonly end: number;
  text(seen: number): string;
  events(from: number): string;
  leave(reader: Reader): void;
}

/**
 * One that reads `GET events`: the version that it has seen, and nothing more, however slow it is. While its connection has
 * enough nothing is built for it; then it is told all that has changed meanwhile in one delta.
 */
export class Reader {
  readonly #feed: Readable;
  readonly #sink: Sink;
  #seen: number;
  #cursor: number;
  #full = false;
  #silent = true;

  constructor(feed: Readable, sink: Sink, seen: number, cursor: number) {
    this.#feed = feed;
    this.#sink = sink;
    this.#seen = seen;
    this.#cursor = cursor;
  }

  tell(): void {
    if (this.#full) return;
    const text = this.#feed.text(this.#seen) + this.#feed.events(this.#cursor);
    this.#seen = this.#feed.version;
    this.#cursor = this.#feed.end;
    if (text === '') return;
    this.#silent = false;
    this.#full = !this.#sink.write(text);
  }

  drained(): void {
    this.#full = false;
    this.tell();
  }

  /** Called every 5 s. */
  beat(): void {
    if (this.#silent && !this.#full) this.#full = !this.#sink.write(':\n\n');
    this.#silent = true;
  }

  end(code?: number): void {
    if (code !== undefined) this.#sink.write(message('bye', this.#feed.version + 2, { code }));
    this.#sink.end();
    this.leave();
  }

  leave(): void {
    this.#feed.leave(this);
  }
}

/** A server-sent event. `data` has no line breaks, as JSON has none. */
export function message(kind: string, id: number, data: object): string {
  return `event: ${kind}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}
