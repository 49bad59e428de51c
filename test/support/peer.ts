import {
  type Barrier,
  type Condition,
  Event,
  type Lock,
  type Semaphore,
  Thread,
  threadModule,
} from 'rxjs-threading';
import type { Player } from './player.js';

const targets = threadModule<typeof import('../fixtures/operators/rounds.js')>(
  new URL('../fixtures/operators/rounds.js', import.meta.url),
);

/** What the other thread does. */
export type Step =
  | { readonly act: 'set' | 'clear'; readonly on: Event }
  | { readonly act: 'acquire' | 'release'; readonly on: Lock | Semaphore }
  | { readonly act: 'meet'; readonly on: Barrier }
  | { readonly act: 'put'; readonly on: { readonly condition: Condition; readonly cell: SharedArrayBuffer } };

/** A thread that does its steps at their frames, one after the other. */
export class Peer implements Player {
  readonly #steps: { readonly at: number; readonly go: Event; readonly done: Event; readonly step: Step }[];
  readonly #thread: Thread;

  constructor(marbles: string, steps: Readonly<Record<string, Step>>) {
    this.#steps = [...marbles.replaceAll(' ', '')].flatMap((mark, at) => {
      const step = steps[mark];
      return step === undefined ? [] : [{ at, go: new Event(), done: new Event(), step }];
    });
    const args = this.#steps.map(({ go, done, step }) => ({ go, done, ...step }));
    this.#thread = new Thread({ target: targets.obey, args: [args] }).start();
  }

  play(frame: number): void {
    for (const { at, go } of this.#steps) if (at === frame) go.set();
  }

  /** Done, or seen to wait. */
  settled(frame: number): boolean {
    return this.#steps.every(({ at, done, step }) => at > frame || done.isSet() || isAwaited(step));
  }

  end(): void {
    for (const { go } of this.#steps) go.set();
  }

  async check(): Promise<void> {
    await this.#thread.join();
  }
}

function isAwaited({ act, on }: Step): boolean {
  if (act === 'acquire') return on.waiting > 0;
  return act === 'meet' && on.nWaiting > 0;
}
