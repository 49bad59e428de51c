/**
 * C0, DEL and C1 control characters, the line separators of Unicode, and what turns the direction of text round: what a
 * terminal or a reader of lines would obey instead of show.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: to be shown
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** JSON whose strings have the same as escapes: as a line it stays one, and a terminal obeys nothing in it. */
export function visibleJson(value: object): string {
  return JSON.stringify(value).replace(
    OBEYED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A name as it may be written to a terminal or as part of a line: control characters become `\x1b` or `\u202e`. */
export function visible(text: string): string {
  return text.replace(OBEYED, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
  });
}
