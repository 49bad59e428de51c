import type { ChildProcess } from 'node:child_process';

/** The most that is kept of what a program prints while `top` fills the screen, in characters. */
const MOST = 1_000_000;

/** What a program prints while `top` has the screen, for when it has not any more. */
export class Output {
  #text = '';

  constructor({ stdout, stderr }: ChildProcess) {
    for (const stream of [stdout, stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#text = (this.#text + text).slice(-MOST);
      });
  }

  print(): void {
    process.stdout.write(this.#text);
    this.#text = '';
  }
}
