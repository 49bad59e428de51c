import type { Worker } from 'node:worker_threads';
import { Actor } from '../../fixtures/actors/actor.js';
import { pack, unpack } from '../../fixtures/actors/pack.js';
import { perform } from '../../fixtures/actors/perform.js';
import type { Kind, Mix } from './mixes.js';
import { discard, giveBack, takeWorker } from './worker-pool.js';

export interface Case {
  /** The module whose export `cases` has it. */
  readonly module: string;
  readonly name: string;
  /** What `make` makes. */
  readonly type: string;
}

type Shared = Record<string, unknown>;
interface Bunch {
  readonly lists: readonly { readonly buffer: SharedArrayBuffer }[];
}
interface WorkerMessage {
  readonly start?: {
    role: string;
    count: number;
    shared: ReturnType<typeof pack>;
    lists: SharedArrayBuffer[];
  };
  readonly ended?: true;
  readonly error?: { name: string; message: string; stack: string };
}

/** ms for a case; then those that are not through are ended. */
const PATIENCE = 50_000;
/** ms for the others to notice that one has failed. */
const GRACE = 300;

/** Plays a case with the actors of a mix. Rejects with the first error of any of them. */
export async function play(it: Case, mix: Mix): Promise<void> {
  await new Play(it, mix).run();
}

class Play {
  readonly #case: Case;
  readonly #mix: Mix;
  readonly #failed = new Int32Array(new SharedArrayBuffer(4));
  readonly #outstanding = new Map<Promise<void>, string>();
  readonly #busy = new Set<Worker>();
  #others = 0;

  constructor(it: Case, mix: Mix) {
    this.#case = it;
    this.#mix = mix;
  }

  async run(): Promise<void> {
    let fail: (error: unknown) => void = () => {};
    const failure = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const patience = setTimeout(() => {
      fail(new Error(`still playing after ${PATIENCE} ms: ${[...this.#outstanding.values()].join(', ')}`));
    }, PATIENCE);
    this.#onError = fail;
    try {
      await Promise.race([failure, this.#playOut()]);
    } finally {
      clearTimeout(patience);
      await this.#clear();
    }
  }

  #onError: (error: unknown) => void = () => {};

  async #playOut(): Promise<void> {
    this.#cast(this.#mix.lead, 'test', {}, []);
    while (this.#outstanding.size > 0) await Promise.race(this.#outstanding.keys());
  }

  #start(role: string, count: number, shared: Shared, lists: SharedArrayBuffer[]): void {
    for (let started = 0; started < count; started++) {
      const { others } = this.#mix;
      this.#cast(others[this.#others++ % others.length]!, role, shared, lists);
    }
  }

  #cast(kind: Kind, role: string, shared: Shared, lists: SharedArrayBuffer[]): void {
    const playing =
      kind.where === 'main'
        ? this.#onMain(kind, role, shared, lists)
        : this.#inWorker(kind, role, shared, lists);
    const outstanding = playing
      .catch((error: unknown) => {
        this.#onError(error);
        Atomics.store(this.#failed, 0, 1);
      })
      .finally(() => this.#outstanding.delete(outstanding));
    this.#outstanding.set(outstanding, `${role} (${kind.face}, ${kind.where})`);
  }

  async #onMain(kind: Kind, role: string, shared: Shared, lists: SharedArrayBuffer[]): Promise<void> {
    const { module, name, type } = this.#case;
    const stage = {
      type,
      failed: this.#failed,
      start: (role: string, count: number, shared: Shared, bunch: Bunch) =>
        this.#start(
          role,
          count,
          shared,
          bunch.lists.map((list) => list.buffer),
        ),
      perform: (role: string, actor: Actor, shared: Shared) => perform(module, name, role, actor, shared),
    };
    await perform(module, name, role, new Actor(kind.face, stage), shared, lists);
  }

  async #inWorker(kind: Kind, role: string, shared: Shared, lists: SharedArrayBuffer[]): Promise<void> {
    const { module, name, type } = this.#case;
    const worker = takeWorker();
    this.#busy.add(worker);
    const ended = new Promise<void>((resolve, reject) => {
      const heard = ({ start, ended, error }: WorkerMessage): void => {
        if (start) this.#start(start.role, start.count, unpack(start.shared), start.lists);
        if (!ended) return;
        worker.off('message', heard);
        worker.off('error', reject);
        this.#busy.delete(worker);
        giveBack(worker);
        if (error) reject(Object.assign(new Error(error.message), error));
        else resolve();
      };
      worker.on('message', heard);
      worker.on('error', reject);
    });
    const { face } = kind;
    worker.postMessage({ module, name, role, face, type, shared: pack(shared), lists, failed: this.#failed });
    await ended;
  }

  /** After a failure: those that notice it end by themselves, the others are ended. */
  async #clear(): Promise<void> {
    if (this.#busy.size === 0) return;
    Atomics.store(this.#failed, 0, 1);
    await new Promise((resolve) => setTimeout(resolve, GRACE));
    await Promise.all([...this.#busy].map(discard));
  }
}
