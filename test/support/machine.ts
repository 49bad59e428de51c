import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endWithTest } from './children.js';

/** What an actor says: an answer, or something that happened to it. */
export interface Said {
  readonly name: string;
  /** ms since the epoch, when it said so. */
  readonly at: number;
  readonly id?: number;
  readonly answer?: Record<string, unknown>;
  readonly failed?: string;
  readonly message?: string;
  readonly code?: string;
  readonly machine?: { readonly pid: number; readonly name: string; readonly token: string };
  readonly ready?: boolean;
  readonly lost?: string;
  readonly valid?: boolean;
  readonly entered?: string;
  readonly left?: string;
  readonly wrote?: boolean;
}

export interface MachineOptions {
  readonly url: string;
  readonly namespace: string;
  readonly lease: number;
  readonly name: string;
  /** Which lock it is about. */
  readonly lock: string;
  /** Of the server with the guarded resource. */
  readonly store?: string;
  readonly grace?: boolean;
}

/** A process of its own with a Machines of its own: test/fixtures/redis/actor.js. */
export class Machine {
  readonly child: ChildProcess;
  readonly said: Said[] = [];
  readonly exited: Promise<number>;
  readonly #listeners = new Set<(said: Said) => void>();
  #id = 0;

  constructor(options: MachineOptions, heard?: (said: Said) => void) {
    const actor = fileURLToPath(new URL('../fixtures/redis/actor.js', import.meta.url));
    this.child = endWithTest(
      fork(actor, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }),
    );
    running.add(this);
    if (heard !== undefined) this.#listeners.add(heard);
    this.child.on('message', (said: Said) => {
      this.said.push(said);
      for (const listener of [...this.#listeners]) listener(said);
    });
    this.exited = new Promise((resolve) => {
      this.child.once('exit', () => {
        running.delete(this);
        resolve(performance.now());
      });
    });
  }

  static async start(options: MachineOptions): Promise<Machine> {
    const machine = new Machine(options);
    await machine.next((said) => said.ready === true);
    await machine.do('open');
    return machine;
  }

  /** The next thing that it says of that kind, also if it has said so already. */
  next(wanted: (said: Said) => boolean): Promise<Said> {
    const found = this.said.find(wanted);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => {
      const listener = (said: Said) => {
        if (!wanted(said)) return;
        this.#listeners.delete(listener);
        resolve(said);
      };
      this.#listeners.add(listener);
    });
  }

  /** Its answer, or how it failed. */
  ask(what: string, arg?: unknown): Promise<Said> {
    const id = ++this.#id;
    this.child.send({ id, what, arg });
    return this.next((said) => said.id === id);
  }

  /** @throws how it failed */
  async do(what: string, arg?: unknown): Promise<Record<string, unknown>> {
    const { answer, failed, message } = await this.ask(what, arg);
    if (answer === undefined) throw new Error(`${failed}: ${message}`);
    return answer;
  }

  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(signal);
  }

  async end(): Promise<void> {
    this.child.kill('SIGCONT');
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

const running = new Set<Machine>();

/** Ends all that a test has left, by their pids. */
export async function endMachines(): Promise<void> {
  await Promise.all([...running].map((machine) => machine.end()));
}
