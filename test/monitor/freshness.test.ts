import type { Finding, Inspection } from 'rxjs-threading/monitor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InTrouble, type Trouble } from '../browser/support/in-trouble.js';
import { Top } from '../support/monitor/top.js';
import { sleep } from '../support/random.js';

/** ms after which what has begun is told, and what has ended is not. */
const BOUND = 2000;
/** So often the monitor must have looked meanwhile: a machine that let it look less has kept it from running. */
const LOOKS = 2;
const PATIENCE = 30_000;
/** ms between two readings, which leave the processor to the program. */
const PAUSE = 20;

/** What was served of one moment, whose time is that of the monitor's own clock. */
interface Served {
  readonly time: number;
  readonly told: boolean;
}

/** What `inspect.json` and `metrics` served, of the same moments. */
class Reading {
  readonly inspections: Inspection[] = [];
  readonly metrics: { readonly time: number; readonly text: string }[] = [];
  #over = false;
  readonly #done: Promise<void>;

  constructor(url: string) {
    this.#done = this.#read(url);
  }

  async #read(url: string): Promise<void> {
    const inspect = async (): Promise<Inspection> =>
      (await (await fetch(`${url}inspect.json`)).json()) as Inspection;
    for (let before = await inspect(); !this.#over; ) {
      const text = await (await fetch(`${url}metrics`)).text();
      const after = await inspect();
      this.inspections.push(after);
      if (after.time === before.time) this.metrics.push({ time: after.time, text });
      before = after;
      await sleep(PAUSE);
    }
  }

  end(): Promise<void> {
    this.#over = true;
    return this.#done;
  }
}

describe('what is served of a program in trouble', () => {
  let program: InTrouble;
  let top: Top;
  let reading: Reading;
  beforeEach(async () => {
    program = await InTrouble.start();
    top = new Top(program.url);
    reading = new Reading(program.url);
  });
  afterEach(async () => {
    await reading.end();
    top.close();
    program.kill();
  });

  /** Resolves once a moment was served that long after the time, and so many after it. */
  async function past(time: number): Promise<void> {
    const isPast = (): boolean =>
      reading.inspections.some((one) => one.time >= time + BOUND) &&
      top.moments.some((one) => one.time >= time + BOUND) &&
      reading.metrics.some((one) => one.time >= time + BOUND) &&
      looks(time, Number.POSITIVE_INFINITY) > LOOKS;
    await expect.poll(isPast, { timeout: PATIENCE }).toBe(true);
  }

  function looks(from: number, to: number): number {
    return top.moments.filter(({ time }) => time > from && time < to).length;
  }

  /** Of what was served when it was to tell, and when it was not, what did otherwise. */
  function wrong(served: readonly Served[], began: number, ending: number, ended: number): Served[] {
    const isLate = (time: number, since: number): boolean =>
      time >= since + BOUND && looks(since, time) >= LOOKS;
    return served.filter(
      ({ time, told }) => (!told && time <= ending && isLate(time, began)) || (told && isLate(time, ended)),
    );
  }

  it.each<[Exclude<Trouble, 'main' | 'contention'>, Finding['kind'], RegExp]>([
    ['deadlock', 'deadlock', /^rxjs_threading_deadlocks\{certainty="certain"\} 1$/m],
    ['pipelines', 'deadlock', /^rxjs_threading_deadlocks\{certainty="suspected"\} 1$/m],
    ['abandoned', 'abandoned', /^rxjs_threading_abandoned_locks 1$/m],
    ['starvation', 'starvation', /^rxjs_threading_pool_starved\{pool="mail"\} 1$/m],
    ['idleStarvation', 'starvation', /^rxjs_threading_pool_starved\{pool="mail"\} 1$/m],
  ])(
    'tells of %s two seconds later, and no more two seconds after the end',
    async (trouble, kind, metric) => {
      const began = await program.begin(trouble);
      await past(began);
      const ending = Date.now();
      const ended = await program.end(trouble);
      await past(ended);
      const inspected = (all: readonly Inspection[]): Served[] =>
        all.map(({ time, findings }) => ({ time, told: findings.some((one) => one.kind === kind) }));
      const measured = reading.metrics.map(({ time, text }): Served => ({ time, told: metric.test(text) }));
      const all = { top: inspected(top.moments), json: inspected(reading.inspections), metrics: measured };
      for (const [where, served] of Object.entries(all)) {
        expect(wrong(served, began, ending, ended), where).toEqual([]);
        expect(
          served.some(({ told }) => told),
          where,
        ).toBe(true);
      }
    },
  );
});
