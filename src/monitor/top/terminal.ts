import { type Line, rendered } from './spans.js';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const REST_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';

/** Keys as a terminal sends them. */
const KEYS: Readonly<Record<string, string>> = {
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  '\x1b[C': 'right',
  '\x1bOC': 'right',
  '\x1b[D': 'left',
  '\x1bOD': 'left',
  '\x1b[5~': 'page up',
  '\x1b[6~': 'page down',
  '\x1b': 'escape',
  '\x03': 'ctrl-c',
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: what keys send
const KEY = /\x1b(?:[[O][\d;]*[A-Za-z~])?|[^\x1b]/g;

/** The terminal's second screen, without cursor, and its keys one by one. The first is as it was once this is closed. */
export class Terminal {
  readonly #output: NodeJS.WriteStream;
  readonly #input: NodeJS.ReadStream;
  readonly #colours: boolean;
  #drawn = '';

  /** @param pressed - called with `up`, `down`, `left`, `right`, `page up`, `page down`, `escape`, `ctrl-c`, or the character */
  constructor(output: NodeJS.WriteStream, input: NodeJS.ReadStream, pressed: (key: string) => void) {
    this.#output = output;
    this.#input = input;
    this.#colours = output.hasColors?.() === true && !process.env.NO_COLOR;
    output.write(ENTER);
    // Also when the program fails.
    process.once('exit', this.#leave);
    if (!input.isTTY) return;
    input.setRawMode(true);
    input.setEncoding('utf8').on('data', (text: string) => {
      for (const [key] of text.matchAll(KEY)) pressed(KEYS[key] ?? key);
    });
  }

  /** A terminal that does not tell its size says 0. */
  get rows(): number {
    return this.#output.rows || 24;
  }

  get columns(): number {
    return this.#output.columns || 80;
  }

  draw(lines: readonly Line[]): void {
    const texts = lines.map((line) => rendered(line, this.columns, this.#colours) + REST_OF_LINE);
    const drawn = HOME + texts.join('\r\n') + REST_OF_SCREEN;
    if (drawn !== this.#drawn) this.#output.write(drawn);
    this.#drawn = drawn;
  }

  close(): void {
    process.off('exit', this.#leave);
    this.#leave();
    if (!this.#input.isTTY) return;
    this.#input.setRawMode(false);
    this.#input.pause();
  }

  readonly #leave = (): void => {
    this.#output.write(LEAVE);
  };
}
