import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithTest } from '../../support/children.js';

const FILE = fileURLToPath(new URL('../../fixtures/monitor/in-trouble.js', import.meta.url));

export type Trouble =
  | 'deadlock'
  | 'pipelines'
  | 'abandoned'
  | 'starvation'
  | 'idleStarvation'
  | 'contention'
  | 'main';

/** The process of test/fixtures/monitor/in-trouble.js. */
export class InTrouble {
  readonly url: string;
  readonly #process: ChildProcess;

  static async start(): Promise<InTrouble> {
    const process = endWithTest(fork(FILE));
    const [url] = await once(process, 'message');
    return new InTrouble(process, url);
  }

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  /** @returns since when it is so, in ms since the epoch */
  begin(kind: Exclude<Trouble, 'main'>): Promise<number> {
    return this.#do(`begin ${kind}`);
  }

  /** @returns since when it is no more */
  end(kind: Exclude<Trouble, 'main'>): Promise<number> {
    return this.#do(`end ${kind}`);
  }

  /** Nobody answers it any more, and nobody can end it. */
  blockMain(): void {
    this.#process.send('begin main');
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async #do(message: string): Promise<number> {
    const done = once(this.#process, 'message');
    this.#process.send(message);
    const [told] = await done;
    const [verb, kind, time] = String(told).split(' ');
    if (`${verb} ${kind}` !== message) throw new Error(`told ${told} instead of ${message}`);
    return Number(time);
  }
}
