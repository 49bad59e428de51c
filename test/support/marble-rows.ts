import { type Observable, type Observer, Subject } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';
import type { Player } from './player.js';

type Notification = ReturnType<typeof TestScheduler.parseMarbles>[number];

/** A source. */
export class HotRow implements Player {
  readonly subject = new Subject<string>();
  readonly #messages: Notification[];

  constructor(marbles: string) {
    this.#messages = parse(marbles);
  }

  play(frame: number): void {
    for (const { frame: at, notification } of this.#messages) {
      if (at !== frame) continue;
      if (notification.kind === 'N') this.subject.next(notification.value as string);
      else if (notification.kind === 'E') this.subject.error(notification.error);
      else this.subject.complete();
    }
  }

  settled(): boolean {
    return true;
  }

  /** Nobody listens any more. */
  check(): void {
    expect(this.subject.observed).toBe(false);
  }
}

interface Expected {
  readonly marbles: string;
  readonly values: Readonly<Record<string, unknown>> | undefined;
  readonly error: string | undefined;
}

/** A subscription, and what came of it. */
export class Sink implements Player {
  readonly #source: Observable<unknown>;
  readonly #expected: Notification[];
  readonly #leaveAt: number;
  readonly #seen: unknown[] = [];
  #frame = 0;
  #leave = (): void => {};

  constructor(source: Observable<unknown>, leave: string, { marbles, values, error }: Expected) {
    this.#source = source;
    this.#leaveAt = leave.replaceAll(' ', '').indexOf('!');
    this.#expected = parse(marbles, values, error);
  }

  play(frame: number): void {
    this.#frame = frame;
    if (frame === 0) {
      const say = (notification: unknown): void => {
        this.#seen.push({ frame: this.#frame, notification });
      };
      const observer: Observer<unknown> = {
        next: (value) => say({ kind: 'N', value, error: undefined }),
        error: (error) => say({ kind: 'E', value: undefined, error: String(error) }),
        complete: () => say({ kind: 'C', value: undefined, error: undefined }),
      };
      const subscription = this.#source.subscribe(observer);
      this.#leave = () => subscription.unsubscribe();
    }
    if (frame === this.#leaveAt) this.#leave();
  }

  settled(frame: number): boolean {
    return this.#seen.length >= this.#expected.filter(({ frame: at }) => at <= frame).length;
  }

  end(): void {
    this.#leave();
  }

  check(): void {
    expect(this.#seen).toEqual(this.#expected);
  }
}

function parse(marbles: string, values?: Readonly<Record<string, unknown>>, error = 'error'): Notification[] {
  return TestScheduler.parseMarbles(marbles, values, error, false, true).map(({ frame, notification }) => ({
    frame: frame / TestScheduler.frameTimeFactor,
    notification,
  }));
}
