import type { Inspection } from '../types.js';
import { visible } from '../visible.js';
import { type Address, ask } from './connection.js';
import { page, type Status } from './page.js';
import { type Line, span } from './spans.js';
import { tables } from './tables.js';
import { Terminal } from './terminal.js';
import { FIRST_VIEW, type Key, pressed, type View } from './view.js';
import { clockTime } from './words.js';

/** How often the screen is drawn although nothing was heard, in ms: ages grow. */
const DRAW_EVERY = 500;

/** `top` on a terminal: what it shows, and what its keys do. */
export class FullScreen {
  readonly #terminal: Terminal;
  readonly #address: Address;
  readonly #quit: () => void;
  readonly #timer: NodeJS.Timeout;
  #now: Inspection | undefined;
  /** When `#now` was heard, here. */
  #heard = 0;
  #status: Status = { is: 'live' };
  #view: View = FIRST_VIEW;
  /** The dump, while it is shown, and its first line on the screen. */
  #dump: { readonly lines: readonly string[]; from: number } | undefined;

  constructor(output: NodeJS.WriteStream, input: NodeJS.ReadStream, address: Address, quit: () => void) {
    this.#address = address;
    this.#quit = quit;
    this.#terminal = new Terminal(output, input, (key) => this.#pressed(key));
    output.on('resize', this.#draw);
    this.#timer = setInterval(this.#draw, DRAW_EVERY);
  }

  show(now: Inspection | undefined, status: Status): void {
    if (now !== this.#now) this.#heard = performance.now();
    this.#now = now;
    this.#status = status;
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    process.stdout.off('resize', this.#draw);
    this.#terminal.close();
  }

  readonly #draw = (): void => {
    const { rows, columns } = this.#terminal;
    if (this.#now === undefined) return;
    if (this.#dump !== undefined) {
      this.#terminal.draw(this.#dumpLines(rows));
      return;
    }
    // While it is connected, time goes on between two messages; what is lost stays as it was.
    const since = this.#status.is === 'live' ? performance.now() - this.#heard : 0;
    const now = { ...this.#now, time: this.#now.time + since };
    this.#terminal.draw(page(now, this.#view, this.#status, rows, columns));
  };

  #pressed(key: string): void {
    if (key === 'ctrl-c') this.#quit();
    else if (this.#dump !== undefined) this.#pressedInDump(this.#dump, key);
    else if (key === 'q') this.#quit();
    else if (key === 'd') void this.#openDump();
    else if (this.#now !== undefined && isViewKey(key))
      this.#view = pressed(this.#view, key, tables(this.#now));
    this.#draw();
  }

  #pressedInDump(dump: { readonly lines: readonly string[]; from: number }, key: string): void {
    const page = Math.max(1, this.#terminal.rows - 2);
    const steps: Readonly<Record<string, number>> = {
      up: -1,
      down: 1,
      'page up': -page,
      'page down': page,
      ' ': page,
    };
    const last = Math.max(0, dump.lines.length - page);
    if (key === 'd' || key === 'q' || key === 'escape') this.#dump = undefined;
    else dump.from = Math.min(Math.max(dump.from + (steps[key] ?? 0), 0), last);
  }

  async #openDump(): Promise<void> {
    const text = await ask(this.#address, 'dump.txt').then(
      (response) => response.text(),
      (error: Error) => `there is no dump: ${error.message}`,
    );
    this.#dump = {
      lines: [`dump of ${clockTime(Date.now())}`, '', ...text.split('\n').map(visible)],
      from: 0,
    };
    this.#draw();
  }

  #dumpLines(rows: number): Line[] {
    const { lines, from } = this.#dump ?? { lines: [], from: 0 };
    const room = Math.max(0, rows - 2);
    const seen = lines.slice(from, from + room).map((text): Line => [span(text)]);
    const end = Math.min(from + room, lines.length);
    const filler = Array.from({ length: room - seen.length }, (): Line => []);
    return [
      ...seen,
      ...filler,
      [],
      [
        span(' ↑↓ ', 'key'),
        span(`lines ${from + 1}-${end} of ${lines.length}  `, 'soft'),
        span(' d ', 'key'),
        span('back', 'soft'),
      ],
    ].slice(0, rows);
  }
}

function isViewKey(key: string): key is Key {
  return ['up', 'down', 'left', 'right', 's'].includes(key);
}
