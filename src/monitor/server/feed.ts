import type { Observable, Subscription } from 'rxjs';
import type { Inspection } from '../types.js';
import { EventLog, type ReadEvents } from './event-log.js';
import { Moments } from './moments.js';
import { message, type Readable, Reader, type Sink } from './reader.js';

export interface FeedSources {
  readonly moments: Observable<Inspection>;
  /** One moment, now, for who asks for no more. */
  readonly look: () => Inspection;
  readonly readEvents: ReadEvents;
}

/** How long what has gone is remembered for a reader that was cut off, in ms. */
const REMEMBERED = 30_000;
/** How often a reader hears a comment when there is nothing else to say, in ms. */
const BEAT_EVERY = 5000;

/** A version: when it was told, and how far events had come by then. */
interface Mark {
  readonly version: number;
  readonly time: number;
  readonly end: number;
}

/**
 * What `GET events` tells, to all its readers. A moment is compared with the one before it once, however many read, and
 * what readers are told is built once for all that have seen the same. A reader that lags, or was cut off, is no more than
 * the number of the version that it has seen: see Changes.
 *
 * Versions are even; the events told with one have the odd number behind it, so that each message has an id of its own.
 * They begin at the time in ms and rise slower than that, so those of a feed that takes the place of another are higher.
 */
export class Feed implements Readable {
  readonly #sources: FeedSources;
  readonly #always: boolean;
  readonly #readers = new Set<Reader>();
  readonly #events: EventLog;
  #moments = new Moments();
  #version: number = Math.floor(Date.now() / 2) * 2;
  #marks: Mark[] = [];
  #latest: Inspection | undefined;
  /** What readers are told in this version, by what they have seen. */
  readonly #texts = new Map<number, string>();
  readonly #eventTexts = new Map<number, string>();
  #looking: Subscription | undefined;
  #beating: NodeJS.Timeout | undefined;
  #dropping: NodeJS.Timeout | undefined;
  #closings = 0;

  /** @param always - whether to look while nobody reads, so that everything is counted from now on */
  constructor(sources: FeedSources, always: boolean) {
    this.#sources = sources;
    this.#always = always;
    this.#events = new EventLog(sources.readEvents);
    if (always) this.#look();
  }

  /** The newest moment. */
  get latest(): Inspection {
    return (this.#looking === undefined ? undefined : this.#latest) ?? this.#sources.look();
  }

  get version(): number {
    return this.#version;
  }

  /** How often it was closed, which ends also what was asked before and has yet to begin. */
  get closings(): number {
    return this.#closings;
  }

  /** How far the events of this version go. */
  get end(): number {
    return this.#events.end;
  }

  /** @param lastId - of the last message that the reader had before it was cut off; NaN: none */
  join(sink: Sink, lastId: number): Reader {
    clearTimeout(this.#dropping);
    this.#look();
    if (this.#readers.size === 0) this.#take(this.latest);
    const { seen, cursor } = this.#place(lastId);
    const reader = new Reader(this, sink, seen, cursor);
    this.#readers.add(reader);
    this.#beating ??= setInterval(() => this.#each((one) => one.beat()), BEAT_EVERY).unref();
    reader.tell();
    return reader;
  }

  leave(reader: Reader): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return;
    clearInterval(this.#beating);
    this.#beating = undefined;
    if (!this.#always) this.#stopLooking();
    this.#dropping = setTimeout(() => this.#forgetAll(), REMEMBERED).unref();
  }

  /** Ends all readers. @param code - the process's, if it ends as well */
  close(code?: number): void {
    this.#closings++;
    this.#stopLooking();
    this.#each((reader) => reader.end(code));
    clearTimeout(this.#dropping);
  }

  /** A snapshot for who has seen nothing (NaN), else a delta, or '' if there is nothing to tell. */
  text(seen: number): string {
    return known(this.#texts, seen, () => {
      if (Number.isNaN(seen)) return message('snapshot', this.#version, this.#moments.snapshot());
      const delta = this.#moments.since(seen);
      return delta === undefined ? '' : message('delta', this.#version, delta);
    });
  }

  /** The events from a cursor to the end, or ''. */
  events(from: number): string {
    return known(this.#eventTexts, from, () => {
      const told = this.#events.since(from);
      return told.events.length === 0 ? '' : message('events', this.#version + 1, told);
    });
  }

  #look(): void {
    this.#looking ??= this.#sources.moments.subscribe((moment) => {
      this.#latest = moment;
      if (this.#readers.size > 0) this.#take(moment);
    });
  }

  #stopLooking(): void {
    this.#looking?.unsubscribe();
    this.#looking = undefined;
    this.#latest = undefined;
  }

  #take(moment: Inspection): void {
    this.#version += 2;
    this.#moments.update(moment, this.#version);
    this.#texts.clear();
    this.#eventTexts.clear();
    this.#events.pull();
    const time = performance.now();
    this.#marks.push({ version: this.#version, time, end: this.#events.end });
    while ((this.#marks[0] as Mark).time < time - REMEMBERED) this.#marks.shift();
    this.#moments.forget((this.#marks[0] as Mark).version);
    this.#each((reader) => reader.tell());
  }

  #place(lastId: number): { readonly seen: number; readonly cursor: number } {
    const toldEvents = lastId % 2;
    const at = this.#marks.findIndex(({ version }) => version === lastId - toldEvents);
    const mark = this.#marks[at];
    if (mark === undefined) return { seen: Number.NaN, cursor: 0 };
    return { seen: mark.version, cursor: (toldEvents === 1 ? mark : (this.#marks[at - 1] ?? mark)).end };
  }

  #each(tell: (reader: Reader) => void): void {
    for (const reader of this.#readers) tell(reader);
  }

  #forgetAll(): void {
    this.#moments = new Moments();
    this.#marks = [];
    this.#texts.clear();
    this.#eventTexts.clear();
  }
}

function known(texts: Map<number, string>, key: number, build: () => string): string {
  const text = texts.get(key) ?? build();
  texts.set(key, text);
  return text;
}
