import { NEVER, Observable, of, Subject, type Subscription, TimeoutError } from 'rxjs';
import {
  awaitCondition,
  awaitEvent,
  barrierZip,
  type Gate,
  type Hold,
  type Holding,
  type Meeting,
  type Notifiable,
  type Settle,
  timerDelay,
  withLock,
} from 'rxjs-threading';
import { describe, expect, it, vi } from 'vitest';

/** A lock whose holds are lost on command. */
function leased(shared?: boolean) {
  const log: string[] = [];
  const holds: { lose?: ((error: unknown) => void) | undefined }[] = [];
  const lock: Holding = {
    ...(shared !== undefined && { shared }),
    hold: () =>
      new Observable<Hold>((subscriber) => {
        log.push('hold');
        const one: (typeof holds)[number] = {};
        holds.push(one);
        subscriber.next({
          release: () => log.push('release'),
          onLost: (told) => {
            one.lose = told;
            return () => {
              one.lose = undefined;
            };
          },
        });
        subscriber.complete();
      }),
  };
  return { lock, log, holds };
}

describe('a Holding of others', () => {
  it('is asked for one value at a time unless it is shared', () => {
    for (const [shared, asked] of [
      [false, 1],
      [true, 3],
      [undefined, 3],
    ] as const) {
      const { lock, log } = leased(shared);
      const left = of(1, 2, 3)
        .pipe(withLock(lock, () => NEVER))
        .subscribe();
      expect(log).toEqual(Array(asked).fill('hold'));
      left.unsubscribe();
      expect(log.filter((one) => one === 'release')).toHaveLength(asked);
    }
  });

  it('takes along what runs under it when it is lost: torn down, released, then the error with its value', () => {
    const { lock, log, holds } = leased(false);
    const lost = new TimeoutError();
    const inner = new Observable(() => () => log.push('torn down'));
    of('a', 'b')
      .pipe(withLock(lock, () => inner))
      .subscribe({ error: (error) => log.push(`${error === lost} ${JSON.stringify(error.cause)}`) });
    holds[0]?.lose?.(lost);
    expect(log).toEqual(['hold', 'torn down', 'release', 'true {"index":0,"value":"a"}']);
    expect(holds[0]?.lose).toBeUndefined();
  });

  it('that was lost as it was handed out runs nothing', () => {
    const lock: Holding = {
      hold: () =>
        of({
          release: () => {},
          onLost: (told) => {
            told(new Error('lost'));
            return () => {};
          },
        }),
    };
    const errors: string[] = [];
    const project = vi.fn(() => new Observable(() => void errors.push('ran')));
    of(1)
      .pipe(withLock(lock, project))
      .subscribe({ error: (error) => errors.push(error.message) });
    expect(errors).toEqual(['lost']);
  });
});

/** An event of which nothing is heard at first. */
class Far implements Gate {
  generation = -2;
  followers = 0;
  readonly waits = new Map<Settle<boolean>, number>();

  beginAt(generation: number, _timeout: number, _signal: AbortSignal | undefined, settle: Settle<boolean>) {
    this.waits.set(settle, generation);
    return () => this.waits.delete(settle);
  }

  follow() {
    this.followers++;
    return () => {
      this.followers--;
    };
  }

  hear(generation: number) {
    this.generation = generation;
  }

  change(generation: number) {
    this.generation = generation;
    const waits = [...this.waits.keys()];
    this.waits.clear();
    for (const settle of waits) settle.resolve(true);
  }
}

describe('a Gate of others', () => {
  it('is followed while it is subscribed to', () => {
    const gate = new Far();
    for (const pipe of [awaitEvent(gate), timerDelay(10, { cancel: gate })]) {
      const left = NEVER.pipe(pipe).subscribe();
      expect(gate.followers).toBe(1);
      left.unsubscribe();
      expect(gate.followers).toBe(0);
    }
  });

  it('of which nothing has been heard is shut, and so it is once it is heard to be clear', () => {
    const gate = new Far();
    const [source, got] = [new Subject<string>(), [] as string[]];
    source.pipe(awaitEvent(gate)).subscribe((value) => got.push(value));
    source.next('a');
    gate.hear(4);
    source.next('b');
    source.next('c');
    expect(got).toEqual([]);
    gate.change(6);
    expect(got).toEqual(['a', 'b', 'c']);
  });

  it('that cannot be read as the time of a value is up ends the subscription by that', async () => {
    for (const pipe of [
      (gate: Gate) => awaitEvent<string>(gate, { timeout: 10 }),
      (gate: Gate) => timerDelay<string>(10, { cancel: gate }),
    ]) {
      const gate = new Far();
      const source = new Subject<string>();
      const ended = new Promise((_, error) => source.pipe(pipe(gate)).subscribe({ error }));
      source.next('a');
      source.next('b');
      const unread = new Error('cannot be read');
      Object.defineProperty(gate, 'generation', {
        get() {
          throw unread;
        },
      });
      await expect(ended).rejects.toBe(unread);
      expect([source.observed, gate.followers]).toEqual([false, 0]);
    }
  });

  it('that was set and cleared before anything was heard of it lets pass what waited', () => {
    const gate = new Far();
    const [source, got] = [new Subject<string>(), [] as string[]];
    source.pipe(awaitEvent(gate)).subscribe((value) => got.push(value));
    source.next('a');
    gate.change(2);
    expect(got).toEqual(['a']);
    source.next('b');
    expect(got).toEqual(['a']);
    gate.change(3);
    expect(got).toEqual(['a', 'b']);
  });

  it('cancels what timerDelay holds back', async () => {
    const gate = new Far();
    const [source, got] = [new Subject<string>(), [] as string[]];
    const done = new Promise<void>((resolve) => {
      source
        .pipe(timerDelay(5, { cancel: gate }))
        .subscribe({ next: (value) => got.push(value), complete: resolve });
    });
    source.next('dropped');
    gate.change(3);
    source.next('dropped as well');
    gate.change(4);
    source.next('kept');
    source.complete();
    await done;
    expect(got).toEqual(['kept']);
  });

  it('must have a generation and a beginAt', () => {
    const event = { beginAt: () => undefined } as unknown as Gate;
    expect(() => awaitEvent(event)).toThrow(TypeError);
    expect(() => timerDelay(1, { cancel: event })).toThrow(
      /cancel must be an Event of rxjs-threading, got \{ beginAt/,
    );
  });
});

describe('a Meeting of others', () => {
  it('decides when a round passes', () => {
    const arrived: ((index: number) => void)[] = [];
    const meeting: Meeting = {
      name: 'far',
      parties: 3,
      wait: () =>
        new Observable((subscriber) => {
          arrived.push((index) => {
            subscriber.next(index);
            subscriber.complete();
          });
        }),
    };
    const got: string[] = [];
    of('a')
      .pipe(barrierZip(meeting, of('b')))
      .subscribe((round) => got.push(round.join('')));
    expect(arrived).toHaveLength(2);
    arrived.forEach((pass, index) => {
      expect(got).toEqual([]);
      pass(index);
    });
    expect(got).toEqual(['ab']);
  });

  it('must have parties and a wait', () => {
    expect(() => barrierZip({ name: 'no', parties: 2 } as Meeting)).toThrow(TypeError);
  });
});

/** A condition that hands out a hold of its own each time. */
class FarCondition implements Notifiable {
  readonly log: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #holds = 0;

  #hand(): Hold {
    const number = ++this.#holds;
    this.log.push(`has ${number}`);
    return { release: () => this.log.push(`released ${number}`) };
  }

  hold() {
    return of(undefined).pipe(
      (source) =>
        new Observable<Hold>((subscriber): Subscription => {
          return source.subscribe({
            next: () => subscriber.next(this.#hand()),
            complete: () => subscriber.complete(),
          });
        }),
    );
  }

  wait(_held: Hold) {
    return new Observable<Hold>((subscriber) => {
      this.log.push('let go');
      const notified = () => {
        subscriber.next(this.#hand());
        subscriber.complete();
      };
      this.#waiting.push(notified);
      return () => this.log.push('wait over');
    });
  }

  notify() {
    this.#waiting.shift()?.();
  }
}

describe('a condition of others', () => {
  it('is looked at again with each hold that a notification hands out', () => {
    const condition = new FarCondition();
    const stock = new Set<string>();
    of('milk')
      .pipe(awaitCondition(condition, (item) => stock.has(item)))
      .subscribe((item) => condition.log.push(item));
    condition.notify();
    stock.add('milk');
    condition.notify();
    expect(condition.log.filter((line) => line !== 'wait over')).toEqual([
      'has 1',
      'let go',
      'has 2',
      'let go',
      'has 3',
      'released 3',
      'milk',
    ]);
  });

  it('is let go when the predicate throws, and when it is left', () => {
    const condition = new FarCondition();
    const failed: unknown[] = [];
    of(1)
      .pipe(
        awaitCondition(condition, () => {
          throw new Error('mine');
        }),
      )
      .subscribe({ error: (error) => failed.push(error.message) });
    expect(failed).toEqual(['mine']);
    expect(condition.log).toEqual(['has 1', 'released 1']);
    const left = of(1)
      .pipe(awaitCondition(condition, () => false))
      .subscribe();
    left.unsubscribe();
    expect(condition.log.slice(2)).toEqual(['has 2', 'let go', 'wait over']);
  });
});
