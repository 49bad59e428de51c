import { Event } from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';
import { waits } from '../../dist/primitives/waits.js';

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
