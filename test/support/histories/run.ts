import type { Worker } from 'node:worker_threads';
import {
  type AnyPrimitive,
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RLock,
  Semaphore,
  toHandle,
} from 'rxjs-threading';
import { performLane, ROW, recordAction } from '../../fixtures/histories/lane.js';
import { type Answer, giveBack, kill, takeWorker } from './crew.js';
import type { Operation } from './history.js';
import type { Plan, PlannedOperation } from './plan.js';
import { actionsOf, diedAt, type Lane, operationsOf } from './record.js';

/** ms after which whoever has not come back never will. */
const PATIENCE = 15_000;
/** ms without a tick after which those who wait are freed. */
const QUIET = 4;

/** What came of a plan. */
export interface Run {
  readonly operations: readonly Operation[];
  /** What went wrong beside the order of things: who never came back, errors that nobody should see. */
  readonly faults: readonly string[];
}

/** Runs a plan once, with real workers. Needs the package built. */
export function run(plan: Plan): Promise<Run> {
  return new Running(plan).run();
}

class Running {
  readonly #plan: Plan;
  readonly #on: AnyPrimitive;
  /** The counter of all ticks; and what all wait for at the start. */
  readonly #shared = new Int32Array(new SharedArrayBuffer(8));
  readonly #lanes: Lane[] = [];
  /** By thread. */
  readonly #actions: Int32Array[] = [];
  readonly #idents = new Map<number, number>();
  readonly #deaths: Operation[] = [];
  readonly #faults: string[] = [];
  #over = false;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#on = make(plan);
  }

  async run(): Promise<Run> {
    const { threads, kill } = this.#plan;
    const workers = await Promise.all(threads.slice(1).map((_, at) => this.#hire(at + 1)));
    Atomics.store(this.#shared, 1, 1);
    Atomics.notify(this.#shared, 1);
    const freed = this.#freeWaiters();
    await Promise.all([
      this.#onMain(),
      ...workers.map((worker, at) =>
        at + 1 === kill?.thread
          ? this.#kill(worker, kill.thread, kill.tick)
          : this.#untilDone(worker, at + 1),
      ),
    ]);
    this.#over = true;
    await freed;
    await this.#perform(1, ENDING[family(this.#plan)]);
    const operations = [
      ...this.#deaths,
      ...this.#lanes.flatMap((lane) => operationsOf(lane, this.#idents)),
      ...this.#actions.flatMap((ticks, thread) => actionsOf(thread, ticks)),
    ];
    operations.sort((a, b) => a.begin - b.begin);
    return { operations: operations.map((operation, id) => ({ ...operation, id })), faults: this.#faults };
  }

  /** A worker that stands at the start. */
  async #hire(thread: number): Promise<Worker> {
    const worker = takeWorker();
    const { lanes } = this.#plan.threads[thread]!;
    const rows = lanes.map((plan, lane) => this.#rowsFor(thread, lane, plan));
    const actions = this.#actionsFor(thread);
    const ready = heard(worker, ({ ready }) => ready);
    worker.postMessage({ handle: toHandle(this.#on), lanes, rows, actions, shared: this.#shared });
    this.#idents.set(await ready, thread);
    return worker;
  }

  #rowsFor(thread: number, lane: number, plan: readonly PlannedOperation[]): Int32Array {
    const rows = new Int32Array(new SharedArrayBuffer(plan.length * ROW * 4));
    this.#lanes.push({ thread, lane, plan, rows });
    return rows;
  }

  #actionsFor(thread: number): Int32Array {
    const operations = this.#plan.threads[thread]!.lanes.reduce((sum, { length }) => sum + length, 1);
    // Those that free the others may run it, too.
    const ticks = new Int32Array(new SharedArrayBuffer((operations * 4 + 1) * 4));
    this.#actions[thread] = ticks;
    return ticks;
  }

  async #untilDone(worker: Worker, thread: number): Promise<void> {
    const complaints = ({ failed }: Answer): void => this.#failed(thread, failed);
    worker.on('message', complaints);
    const done = heard(worker, ({ done }) => done);
    const ended = await Promise.race([done, late()]);
    worker.off('message', complaints);
    if (ended) return giveBack(worker);
    this.#failed(thread, `did not come back within ${PATIENCE} ms`);
    await this.#bury(worker, thread);
  }

  #failed(thread: number, why: unknown): void {
    if (why !== undefined) this.#faults.push(`T${thread} ${why}`);
  }

  /** Once so many ticks have been, or no more come. */
  async #kill(worker: Worker, thread: number, tick: number): Promise<void> {
    const quiet = this.#quiet(QUIET * 5);
    while (Atomics.load(this.#shared, 0) < tick && !quiet())
      await new Promise((resolve) => setImmediate(resolve));
    await this.#bury(worker, thread);
  }

  async #bury(worker: Worker, thread: number): Promise<void> {
    this.#deaths.push(diedAt(thread, this.#tick()));
    await kill(worker);
  }

  async #onMain(): Promise<void> {
    recordAction(this.#actionsFor(0), this.#tick);
    const lanes = this.#plan.threads[0]!.lanes.map((plan, lane) => this.#perform(lane + 2, plan));
    const ended = await Promise.race([Promise.all(lanes), late()]);
    if (!ended) this.#failed(0, `did not come back within ${PATIENCE} ms`);
  }

  async #perform(lane: number, plan: readonly PlannedOperation[]): Promise<void> {
    const failed = (error: unknown): void => this.#failed(0, error instanceof Error ? error.stack : error);
    await performLane(this.#on, plan, this.#rowsFor(0, lane, plan), this.#tick, failed);
  }

  /** Those whom nobody else will free, as whoever would have has ended. */
  async #freeWaiters(): Promise<void> {
    const quiet = this.#quiet(QUIET);
    const plans = FREEING[family(this.#plan)];
    for (let times = 0; !this.#over; ) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (quiet()) await this.#perform(0, plans[Math.min(times++, plans.length - 1)] ?? []);
    }
  }

  /** Says whether there has been no tick for so many ms. */
  #quiet(ms: number): () => boolean {
    let [last, since] = [0, performance.now()];
    return () => {
      const now = Atomics.load(this.#shared, 0);
      if (now !== last) [last, since] = [now, performance.now()];
      return performance.now() - since > ms;
    };
  }

  readonly #tick = (): number => Atomics.add(this.#shared, 0, 1) + 1;
}

/** After all patience. */
function late(): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE, false).unref());
}

/** The first answer that has what is looked for; an error in the worker rejects. */
function heard<T>(worker: Worker, look: (answer: Answer) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const listen = (answer: Answer): void => {
      const found = look(answer);
      if (found === undefined) return;
      worker.off('message', listen);
      worker.off('error', reject);
      resolve(found);
    };
    worker.on('message', listen);
    worker.on('error', reject);
  });
}

function make({ kind, size }: Plan): AnyPrimitive {
  switch (kind) {
    case 'Lock':
      return new Lock();
    case 'RLock':
      return new RLock();
    case 'Semaphore':
      return new Semaphore(size);
    case 'BoundedSemaphore':
      return new BoundedSemaphore(size);
    case 'Event':
      return new Event();
    case 'Condition(Lock)':
      return new Condition(new Lock());
    case 'Condition(RLock)':
      return new Condition();
    case 'Barrier':
      return new Barrier(size);
    case 'Barrier(action)':
      return new Barrier(size, {
        action: () => {
          (globalThis as Record<symbol, () => void>)[Symbol.for('action of a history')]?.();
        },
      });
  }
}

type Family = 'lock' | 'semaphore' | 'event' | 'condition' | 'barrier';

function family({ kind }: Plan): Family {
  if (kind.startsWith('Condition')) return 'condition';
  if (kind.startsWith('Barrier')) return 'barrier';
  if (kind.endsWith('Semaphore')) return 'semaphore';
  return kind === 'Event' ? 'event' : 'lock';
}

const now = (name: string, more: Partial<PlannedOperation> = {}): PlannedOperation => ({
  name,
  face: 'blocking',
  spin: 0,
  turns: 0,
  ...more,
});
const POLL = now('acquire', { poll: true });
const RELEASE = now('release', { ifHeld: true });

/** What main does, beside its lanes, for those that wait: the first time, the second, and so on. */
const FREEING: Record<Family, readonly (readonly PlannedOperation[])[]> = {
  lock: [],
  semaphore: [],
  event: [[now('set'), now('clear')]],
  condition: [[POLL, now('notify', { n: 100, ifHeld: true }), RELEASE]],
  // Too few are left for another round.
  barrier: [[now('reset')], [now('reset')], [now('abort')]],
};

/** What main does when all others have ended: it shows what they have left behind. */
const ENDING: Record<Family, readonly PlannedOperation[]> = {
  lock: [POLL, RELEASE, now('locked')],
  semaphore: [now('value')],
  event: [now('isSet')],
  condition: [POLL, RELEASE, now('locked')],
  barrier: [],
};
