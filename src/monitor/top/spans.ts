/** Text of one look, as part of a line. */
export interface Span {
  readonly text: string;
  readonly look: Look | undefined;
}
export type Line = readonly Span[];

/** What a part of the screen is, for who draws it: each is told by a word or a mark as well. */
export type Look = 'title' | 'head' | 'soft' | 'running' | 'waiting' | 'dead' | 'good' | 'chosen' | 'key';

/** Of SGR, for what has a background of its own dark and light alike. */
const CODES: Readonly<Record<Look, string>> = {
  title: '1',
  head: '1;4',
  soft: '2',
  running: '36',
  waiting: '33',
  dead: '1;31',
  good: '32',
  chosen: '7',
  key: '1',
};

export function span(text: string, look?: Look): Span {
  return { text, look };
}

/** Characters that take two columns of a terminal, and those that take none. */
const WIDE =
  /(?!\p{Regional_Indicator}|[\uff61-\uffdc])[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]/u;
// Vowels and finals of Hangul stand within the block of the consonant before them.
const NONE = /\p{Mark}|[\u1160-\u11ff\ud7b0-\ud7ff\u200b-\u200d\u2060\ufeff]/u;

function columnsOf(character: string): number {
  if (character < '\x7f') return 1;
  if (NONE.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** How many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** What of a text fits; '…' stands for what does not. */
export function clip(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let [clipped, width] = ['', 1];
  for (const character of text) {
    width += columnsOf(character);
    if (width > columns) break;
    clipped += character;
  }
  return columns < 1 ? '' : `${clipped}…`;
}

/** Exactly so many columns. */
export function padded(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const clipped = clip(text, columns);
  const padding = ' '.repeat(Math.max(0, columns - widthOf(clipped)));
  return align === 'left' ? clipped + padding : padding + clipped;
}

/** A line as a terminal of so many columns shows it. @param colours - false: the marks and words alone */
export function rendered(line: Line, columns: number, colours: boolean): string {
  let left = columns;
  let text = '';
  for (const { text: part, look } of line) {
    const clipped = clip(part, left);
    left -= widthOf(clipped);
    const code = look === undefined || !(colours || look === 'chosen') ? undefined : CODES[look];
    text += code === undefined ? clipped : `\x1b[${code}m${clipped}\x1b[0m`;
    if (clipped !== part) break;
  }
  return text;
}
