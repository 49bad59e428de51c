import { inspect } from 'node:util';
import { announce } from './announcer.js';
import {
  AGENT_SEQ,
  AGENTS,
  FACTS,
  HEADER_WORDS,
  ID,
  SLEEPERS,
  WATCH_SEQ,
  WATCHED,
  WORD,
} from './memory/layout.js';
import { add, allocate, type Cells, load, store, wake } from './memory/word.js';
import { checkName, type PrimitiveOptions } from './options.js';
import { NAMED, type PrimitiveKind } from './threads/contention.js';
import { nextPrimitiveId } from './threads/table.js';
import { countWaiting } from './threads/wait-graph.js';
import { uncloneable } from './uncloneable.js';
import type { LocalQueue } from './waiting/local-queue.js';

/** In place of options: the words of a primitive that was made before, maybe in another thread. */
export class Shared {
  readonly name: string;
  readonly cells: Cells;

  constructor(name: string, cells: Cells) {
    this.name = name;
    this.cells = cells;
  }
}

/** How a primitive comes to its words: fresh ones, or shared ones. */
export type Origin = PrimitiveOptions | Shared;

const ADVICE = uncloneable('a primitive travels as toHandle(primitive): the primitive itself');

/** What all primitives have: shared words, a name, and waiters to wake. The object is only a view of the words. */
export abstract class Primitive {
  /** Shown by inspection, errors and monitors; default: the class's name and a number. */
  readonly name: string;
  /** @internal */
  readonly cells: Cells;
  /** See uncloneable.ts. @internal */
  readonly uncloneable: symbol = ADVICE;
  /** This thread's Observable waits; made when the first one waits. @internal */
  queue: LocalQueue | undefined = undefined;

  /** @internal */
  protected constructor(origin: Origin | undefined, words: number = HEADER_WORDS) {
    if (origin instanceof Shared) {
      this.cells = origin.cells;
      this.name = origin.name;
      announce(this);
      return;
    }
    const name = checkName(origin);
    this.cells = allocate(words);
    const id = nextPrimitiveId();
    store(this.cells, ID, id);
    if (name !== undefined) store(this.cells, FACTS, NAMED);
    this.name = name ?? `${new.target.name}-${id}`;
    announce(this);
  }

  /** @internal */
  get id(): number {
    return load(this.cells, ID);
  }

  /** What monitors call it. @internal */
  abstract get primitiveKind(): PrimitiveKind;

  /**
   * How many waiters, of all threads, are queued, at this moment. The table of them has room for what all threads block on and for 65,536
   * primitives that Observables wait for, each in one thread; waits for more than that are not counted.
   */
  get waiting(): number {
    return countWaiting(this.id);
  }

  /** @internal */
  get owner(): number | null {
    return null;
  }

  /**
   * Wakes those that the flags taken from WORD stand for: `sleepers` of the blocked threads, every agent and watcher. This
   * thread's own waits look soon in any case.
   *
   * @internal
   */
  wakeFlagged(flags: number, sleepers: number): void {
    if ((flags & SLEEPERS) !== 0) wake(this.cells, WORD, sleepers);
    if ((flags & AGENTS) !== 0) {
      add(this.cells, AGENT_SEQ, 1);
      wake(this.cells, AGENT_SEQ);
    }
    if ((flags & WATCHED) !== 0) {
      add(this.cells, WATCH_SEQ, 1);
      wake(this.cells, WATCH_SEQ);
    }
    this.queue?.lookSoon();
  }
}

// As text: its fields are views of shared words, which tell nothing.
Object.defineProperty(Primitive.prototype, inspect.custom, {
  value(this: Primitive): string {
    return this.toString();
  },
});
