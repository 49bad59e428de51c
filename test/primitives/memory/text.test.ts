import { describe, expect, it } from 'vitest';
import { readText, writeText } from '../../../src/primitives/memory/text.js';
import { allocate } from '../../../src/primitives/memory/word.js';

const WORDS = 4;
const ROOM = (WORDS - 1) * 4;

describe('a text in words of shared memory', () => {
  it.each<[what: string, text: string, kept: string]>([
    ['is as it was', 'Thread-1', 'Thread-1'],
    ['is as it was when it just fits', 'a'.repeat(ROOM), 'a'.repeat(ROOM)],
    ['is cut where it is too long', 'a'.repeat(ROOM + 1), 'a'.repeat(ROOM)],
    ['is cut before a character of two bytes that does not fit', 'é'.repeat(ROOM), 'é'.repeat(ROOM / 2)],
    ['is cut before one of three', `a${'€'.repeat(ROOM)}`, `a${'€'.repeat(3)}`],
    ['is cut before one of four', `a${'😀'.repeat(ROOM)}`, `a${'😀'.repeat(2)}`],
    ['has a sign in the place of half a character', '\ud83d!', '\ufffd!'],
    ['may be empty', '', ''],
  ])('%s', (_, text, kept) => {
    const cells = allocate(3 * WORDS).fill(-1);
    // What stood there before.
    writeText(cells, WORDS, WORDS, 'x'.repeat(ROOM));
    writeText(cells, WORDS, WORDS, text);
    expect(readText(cells, WORDS)).toBe(kept);
    const around = [...cells.subarray(0, WORDS), ...cells.subarray(2 * WORDS)];
    expect(around).toEqual(new Array(2 * WORDS).fill(-1));
  });
});
