import { ThreadError } from '../../errors.js';
import { ranTooLong } from '../../pool/thread/run-limit.js';
import { unpackError } from '../../pool/wire/codec.js';
import { cannotSend } from '../../pool/wire/explain-uncloneable.js';
import { show } from '../../primitives/options.js';
import { toValueError } from '../parts/value-error.js';
import type { Backlog, Chunk } from './backlog.js';
import type { Batch, FailedValue, LostBatch } from './batch.js';
import type { Mapping, Verdict } from './map-options.js';
import type { FailedMessage } from './messages.js';
import { type MapResults, Part } from './results.js';
import type { MapSession } from './session.js';

const VERDICTS: readonly unknown[] = ['fail', 'skip', 'retry'] satisfies Verdict[];

/** A worker may be killed, because of another of its threads, just as it is to begin with a session. */
const MOST_STILLBORN = 3;

/** Who is called about what is lost: the Dispatcher. */
export interface LossesOwner {
  /** The session is none any more, and nothing more comes of its batches; `lose` takes each apart. */
  forget(session: MapSession, lose: (batch: Batch) => LostBatch): readonly LostBatch[];
  /** Values have come back. */
  dispatch(): void;
}

/**
 * Values whose worker sends no result of them: because they failed, or because that worker is gone.
 *
 * failed -`onError`: 'fail'-> the end of the subscription, after the results before it when ordered;  -'skip'-> done, with no
 * result;  -'retry'-> in the backlog.  not failed -> in the backlog.
 * Invariant: `held` of them are neither in the backlog nor in the results, because a worker that was told to stop may still
 * be running them: until that has ended, neither they nor other values of their keys are given to another one.
 */
export class Losses {
  readonly #mapping: Mapping;
  readonly #backlog: Backlog;
  readonly #results: MapResults;
  readonly #owner: LossesOwner;
  held = 0;
  /** How many sessions, one after the other, have died before anything came of a value. */
  #stillborn = 0;

  constructor(mapping: Mapping, backlog: Backlog, results: MapResults, owner: LossesOwner) {
    this.#mapping = mapping;
    this.#backlog = backlog;
    this.#results = results;
    this.#owner = owner;
  }

  // ─── how values are lost ─────────────────────────────────────────────────────────────────────

  /** One of them cannot be cloned. Halves of the batch go on, until that value is alone and fails. */
  unsendable(chunks: readonly Chunk[], cause: unknown): void {
    const [only, ...others] = chunks as [Chunk, ...Chunk[]];
    const { first, values } = only;
    const half = values.length >> 1;
    if (others.length > 0) this.giveBack(apart(chunks));
    else if (half > 0)
      this.giveBack([
        { first, values: values.slice(0, half) },
        { first: first + half, values: values.slice(half) },
      ]);
    else {
      const error = cannotSend(values[0], cause);
      this.#moving(() => this.#failed({ part: new Part(only), error, again: false }));
    }
  }

  /** The worker has told that a value of the batch failed. */
  threw(batch: Batch, { error, unmade }: FailedMessage): void {
    const { untouched, failed } = batch.fail(unpackError(error), unmade);
    this.giveBack(failed === undefined ? apart(untouched) : untouched);
    if (failed !== undefined) this.#failed(failed);
  }

  /** The session's thread has ended by itself: its worker died, or never could load the target. */
  died(session: MapSession, why: unknown): void {
    const error =
      why ?? new ThreadError('a worker of threadMap ended by itself', { code: 'ERR_THREAD_DIED' });
    this.#moving(() => {
      const lost = this.#owner.forget(session, (batch) => batch.lose(error));
      for (const { untouched, touched } of lost) this.giveBack([...untouched, ...touched]);
      const failed = lost.flatMap((one) => one.failed ?? []);
      // No value has failed by it. Would another worker come to the same?
      if (failed.length === 0 && this.#isHopeless(session, error)) this.#results.fail(error);
      for (const one of failed) this.#failed({ ...one, error: anotherOf(error) });
    });
  }

  /** Something has come of a value. */
  lived(): void {
    this.#stillborn = 0;
  }

  /** Values cannot be read, the target not be loaded, or one worker after the other dies before it gets to that. */
  #isHopeless(session: MapSession, error: unknown): boolean {
    const code = error instanceof ThreadError ? error.code : undefined;
    if (code === 'ERR_CLONE') return true;
    if (session.worked) return false;
    return code !== 'ERR_THREAD_DIED' || ++this.#stillborn > MOST_STILLBORN;
  }

  /**
   * Something that the session's worker sent cannot be read.
   *
   * @param known - which batch that was about
   */
  unread(session: MapSession, error: ThreadError, known: Batch | undefined): void {
    // A worker maps its batches one after the other, unless the target is asynchronous: then another may be blamed.
    const suspect = known ?? [...session.batches.values()].find(({ begun }) => begun);
    if (suspect === undefined) this.#results.fail(error);
    this.#abandon(session, undefined, (batch) => {
      const lost = batch.lose(undefined);
      return batch === suspect ? blame(lost, error) : lost;
    });
  }

  /** The value that the worker is at in the batch has taken too long. */
  expired(session: MapSession, late: Batch): void {
    const reason = ranTooLong(this.#mapping.name, this.#mapping.timeout);
    this.#abandon(session, reason, (batch) => batch.lose(batch === late ? reason : undefined));
  }

  /** Stops a session. What its worker may still be at, and other values of the same keys, wait until that has ended. */
  #abandon(session: MapSession, reason: unknown, lose: (batch: Batch) => LostBatch): void {
    const held: (() => void)[] = [];
    this.#moving(() => {
      const lost = this.#owner.forget(session, lose);
      session.abandon(this.#mapping.grace, reason, () => {
        for (const letGo of held) letGo();
        this.#owner.dispatch();
      });
      for (const { untouched, touched, failed } of lost) {
        this.giveBack(untouched);
        held.push(this.#hold(touched));
        if (failed !== undefined) this.#failed(failed, (run) => held.push(run));
      }
    });
  }

  /** Runs what takes values out of their batches, and only then puts them where they belong: meanwhile they are held. */
  #moving(move: () => void): void {
    this.held++;
    move();
    this.held--;
    this.#results.pass();
    this.#owner.dispatch();
  }

  // ─── what becomes of them ────────────────────────────────────────────────────────────────────

  /** These are to be mapped by another worker. */
  giveBack(chunks: readonly Chunk[]): void {
    for (const chunk of chunks) {
      this.#results.forget(chunk.first);
      this.#backlog.giveBack(chunk);
    }
  }

  /** Returns how to give them back. */
  #hold(chunks: readonly Chunk[]): () => void {
    const values = chunks.reduce((sum, chunk) => sum + chunk.values.length, 0);
    for (const { first } of chunks) this.#results.forget(first);
    this.held += values;
    return () => {
      this.held -= values;
      this.giveBack(chunks);
    };
  }

  /** @param free - runs what gives the value, or its key, to another worker */
  #failed({ part, error, again }: FailedValue, free: (run: () => void) => void = (run) => run()): void {
    const { last: first, lane } = part;
    const values = part.values.slice(-1);
    const attempts = part.attempts + 1;
    const told = toValueError(error, first, values[0]);
    const verdict = this.#verdict(told, values[0], attempts);
    if (verdict === 'retry' && again) {
      part.retract();
      // Held before the others are passed on: those may be all that is here.
      const giveBack = this.#hold([{ first, values, lane, attempts }]);
      if (part.values.length > 0) this.#results.add(part);
      free(giveBack);
      return;
    }
    free(() => this.#backlog.over(part));
    if (verdict === 'skip') part.skip();
    else if (verdict !== undefined) part.fail(told);
    if (part.ended) this.#results.add(part);
  }

  /** undefined: the subscription has ended by it. */
  #verdict(error: Error, value: unknown, attempt: number): Verdict | undefined {
    const { onError } = this.#mapping;
    if (onError === undefined) return 'fail';
    return this.#results.call(() => {
      const verdict = onError(error, value, attempt);
      if (VERDICTS.includes(verdict)) return verdict;
      throw new TypeError(`onError must return 'fail', 'skip' or 'retry', got ${show(verdict)}`);
    });
  }
}

/** These values each by itself: one of them could not be sent or read, and nobody knows which. */
function apart(chunks: readonly Chunk[]): Chunk[] {
  return chunks.flatMap(({ first, values, lane, attempts }) =>
    values.map((value, at) => ({
      first: first + at,
      values: [value],
      lane,
      attempts: attempts ?? 0,
      alone: true,
    })),
  );
}

/** One of those that the worker has taken up failed by the error: the only one, or one of them which is found out apart. */
function blame({ untouched, touched }: LostBatch, error: unknown): LostBatch {
  const each = apart(touched);
  const [only] = each;
  if (only === undefined || each.length > 1) return { untouched, touched: each, failed: undefined };
  return { untouched, touched: [], failed: { part: new Part(only), error, again: true } };
}

/** Each value that a death fails has an error of its own, as that tells which value it is about. */
function anotherOf(error: unknown): unknown {
  if (!(error instanceof ThreadError)) return error;
  return new ThreadError(error.message, { code: error.code, cause: error.cause });
}
