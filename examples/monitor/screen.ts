/** Where frames are drawn. */
export interface Screen {
  draw(lines: readonly string[]): void;
  /** The terminal as it was. */
  close(): void;
}

type Output = NodeJS.WriteStream;

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const REST_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';

/** Frames one over the other, on the terminal's second screen, without cursor. */
export function terminalScreen(output: Output): Screen {
  output.write(ENTER);
  const close = (): void => {
    process.off('exit', close);
    output.write(LEAVE);
  };
  // Also when the program fails.
  process.once('exit', close);
  return {
    draw(lines) {
      // A terminal that does not tell its size says 0.
      const most = (output.rows || Number.POSITIVE_INFINITY) - 1;
      const width = output.columns || Number.POSITIVE_INFINITY;
      const seen = lines.length <= most ? lines : [...lines.slice(0, most - 1), '...'];
      const text = seen.map((line) => `${line.slice(0, width)}${REST_OF_LINE}\r\n`).join('');
      output.write(HOME + text + REST_OF_SCREEN);
    },
    close,
  };
}

/** ms between two frames where each is kept. */
const PRINT_EVERY = 1000;

/** Frames one after the other, a few, for a file or a pipe. */
export function printedScreen(output: Output): Screen {
  let printed = Number.NEGATIVE_INFINITY;
  return {
    draw(lines) {
      if (performance.now() - printed < PRINT_EVERY) return;
      printed = performance.now();
      output.write(`${lines.join('\n')}\n`);
    },
    close() {},
  };
}
