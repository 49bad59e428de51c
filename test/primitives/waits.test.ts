import { Event, waits } from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';

const leave: (() => void)[] = [];
afterEach(() => {
  for (const one of leave.splice(0)) one();
});

describe('the names that tell what a thread waits for', () => {
  it.each([
    ['letters', 'a'],
    ['characters of two bytes', 'é'],
    ['characters of three bytes', '線'],
    ['characters of four bytes', '\u{1f9f5}'],
  ])('are cut between characters: %s', (_, character) => {
    for (let before = 0; before < 4; before++) {
      const name = 'x'.repeat(before) + character.repeat(100);
      const event = new Event({ name });
      const waiting = event.wait().subscribe();
      leave.push(() => waiting.unsubscribe());
      const told = waits().find(({ primitive }) => primitive === (event as unknown as { id: number }).id);
      expect(told?.name).toMatch(new RegExp(`^x{${before}}(?:${character}){5,}$`, 'u'));
      expect(event.name).toBe(name);
    }
  });
});

describe('waits for more primitives than the table of them has room for', () => {
  it('end as all others, and count again when there is room', async () => {
    const events = Array.from({ length: 65_600 }, () => new Event());
    let ended = 0;
    const waiting = events.map((event) => event.wait().subscribe(() => ended++));
    expect([events[0]?.waiting, events.at(-1)?.waiting]).toEqual([1, 0]);
    expect(waits()).toHaveLength(65_536);
    waiting[0]?.unsubscribe();
    const late = new Event();
    waiting.push(late.wait().subscribe(() => ended++));
    expect(late.waiting).toBe(1);
    for (const event of [...events, late]) event.set();
    expect(ended).toBe(65_600);
    expect(waits()).toEqual([]);
  });
});

describe('a signal of another realm', () => {
  class ForeignSignal extends EventTarget {
    aborted = false;
    reason: unknown = undefined;

    abort(reason: unknown): void {
      this.aborted = true;
      this.reason = reason;
      this.dispatchEvent(new globalThis.Event('abort'));
    }
  }

  it('ends a wait as one of this realm does', async () => {
    const signal = new ForeignSignal();
    const event = new Event();
    const wait = Promise.resolve(event.wait({ signal: signal as never }));
    const reason = new Error('enough');
    signal.abort(reason);
    await expect(wait).rejects.toBe(reason);
    expect(event.waiting).toBe(0);
    await expect(Promise.resolve(event.wait({ signal: signal as never }))).rejects.toBe(reason);
  });

  it.each([{ aborted: false }, new EventTarget(), 'abort'])('is none without all of it: %s', (signal) => {
    expect(() => new Event().wait({ signal: signal as never })).toThrow(/signal must be an AbortSignal, got/);
  });
});
