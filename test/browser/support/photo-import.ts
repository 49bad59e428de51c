import type { MonitorEvent, MonitorMessage } from '../../../src/monitor/protocol.js';
import type {
  Deadlock,
  Finding,
  PoolInfo,
  PrimitiveInfo,
  Site,
  ThreadInfo,
  WaitInfo,
} from '../../../src/monitor/types.js';
import { contention, durations, inspection, pool, primitive, thread, wait } from './infos.js';
import type { Source } from './message-server.js';

/** Seconds ago. */
const STUCK = 14.2;

/** ms a thread runs, waits and idles in turn. */
type Habit = readonly [run: number, wait: number, idle: number];

interface Busy {
  readonly ident: number;
  readonly habit: Habit;
  readonly primitive: number;
  phase: number;
  until: number;
}

const site = (fn: string, file: string, line: number): Site => ({ function: fn, file, line, column: 5 });

/**
 * A process in trouble, as it might be: two threads in a deadlock and three behind them, a starved pool, a lock of a
 * killed thread, and others that work on. It goes on from the moment at which it is made.
 */
export class PhotoImport implements Source {
  readonly #threads = new Map<number, ThreadInfo>();
  readonly #primitives = new Map<number, PrimitiveInfo>();
  readonly #pools = new Map<number, PoolInfo>();
  readonly #waits = new Map<number, WaitInfo>();
  readonly #findings: Finding[];
  readonly #busy: Busy[];
  readonly #past: MonitorEvent[] = [];
  readonly #random: () => number;
  readonly #process = inspection().process;
  #events: MonitorEvent[] = [];

  constructor(seed = 7) {
    let state = seed;
    this.#random = () => {
      state = (state * 1664525 + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const now = Date.now();
    const ago = (seconds: number): number => now - seconds * 1000;
    const busy = (ident: number, habit: Habit, of = 34): Busy => ({
      ident,
      habit,
      primitive: of,
      phase: 0,
      until: ago(33),
    });
    this.#makePrimitives();
    this.#makeThreads(ago);
    this.#makeWaits(ago);
    this.#findings = this.#makeFindings(ago);
    this.#makePools();
    this.#busy = [
      busy(4096, [500, 0, 300]),
      busy(4105, [3200, 120, 0], 36),
      busy(4111, [340, 50, 30]),
      busy(4112, [380, 50, 40]),
      busy(4113, [310, 100, 50]),
      busy(4130, [60, 0, 1900]),
    ];
    const before: [Busy, number][] = [
      [busy(4101, [700, 280, 0], 31), 9.6],
      [busy(4102, [800, 250, 0], 31), STUCK],
      [busy(4103, [750, 220, 0], 32), 4],
      [busy(4104, [1300, 180, 400], 32), STUCK],
      [busy(4120, [300, 200, 1200], 33), 7.4],
      [busy(4121, [300, 200, 1100], 33), 7.1],
      [busy(4107, [900, 200, 0], 37), 21.3],
    ];
    for (const [one, end] of before) {
      while (one.until < ago(end)) this.#turn(one, ago(end));
      const event = one.ident === 4107 ? 'killed' : 'wait';
      this.#tell({
        time: ago(end),
        ident: one.ident,
        event,
        primitive: event === 'wait' ? one.primitive : null,
        by: null,
        face: 'blocking',
      });
    }
    this.#advance(now);
    this.#past.push(...this.#events.sort((a, b) => a.time - b.time));
    this.#events = [];
  }

  first(): MonitorMessage[] {
    const now = inspection({
      process: this.#process,
      threads: [...this.#threads.values()],
      primitives: [...this.#primitives.values()],
      pools: [...this.#pools.values()],
      waits: [...this.#waits.values()],
      findings: this.#findings,
    });
    return [
      { kind: 'snapshot', now },
      { kind: 'events', events: this.#past, lost: 0 },
    ];
  }

  next(): MonitorMessage[] {
    const time = Date.now();
    this.#advance(time);
    this.#work();
    const events = this.#events.sort((a, b) => a.time - b.time);
    this.#events = [];
    this.#past.push(...events);
    this.#past.splice(
      0,
      this.#past.findIndex((event) => event.time > time - 30_000),
    );
    const main = this.#threads.get(4096);
    if (main?.loop != null)
      this.#threads.set(4096, {
        ...main,
        loop: { ...main.loop, heard: time, delay: 4 + 9 * this.#random() },
      });
    const delta: MonitorMessage = {
      kind: 'delta',
      time,
      threads: { set: this.#busy.map(({ ident }) => this.#threads.get(ident) as ThreadInfo), gone: [] },
      primitives: { set: [...this.#primitives.values()], gone: [] },
      pools: { set: [...this.#pools.values()], gone: [] },
      namespaces: { set: [], gone: [] },
      waits: { set: [], gone: [] },
    };
    return [delta, { kind: 'events', events, lost: 0 }];
  }

  /** What the habits of threads come to until `now`. */
  #advance(now: number): void {
    for (const one of this.#busy) while (one.until < now) this.#turn(one, now);
  }

  #turn(one: Busy, end: number): void {
    const length = one.habit[one.phase] ?? 0;
    const from = one.until;
    one.until = Math.min(from + length * (0.35 + 1.3 * this.#random()), Math.max(end, from) + length);
    const phase = one.phase;
    one.phase = (phase + 1) % 3;
    if (length === 0) return;
    const activity = (['running', 'waiting', 'idle'] as const)[phase] ?? 'running';
    const known = this.#threads.get(one.ident);
    if (known !== undefined && this.#busy?.includes(one))
      this.#threads.set(one.ident, { ...known, activity, since: from });
    const of = {
      time: from,
      ident: one.ident,
      primitive: one.primitive,
      by: null,
      face: 'blocking',
    } as const;
    if (activity === 'waiting') this.#tell({ ...of, event: 'wait' });
    else if (one.habit[1] > 0) this.#tell({ ...of, event: 'woken' });
  }

  #tell(event: MonitorEvent): void {
    this.#events.push(event);
  }

  /** Counters grow. */
  #work(): void {
    const rates: Record<number, number> = { 34: 121, 36: 9.4, 38: 310 };
    for (const [id, rate] of Object.entries(rates)) {
      const one = this.#primitives.get(Number(id));
      if (one === undefined) continue;
      const acquires = (one.contention.acquires ?? 0) + rate / 10;
      const contended = one.contention.contended + (rate * 0.3 * this.#random()) / 10;
      this.#primitives.set(one.id, { ...one, contention: { ...one.contention, acquires, contended } });
    }
    for (const [id, rate] of [
      [1, 42],
      [3, 115],
    ] as const) {
      const one = this.#pools.get(id);
      if (one === undefined) continue;
      const completed = one.completed + Math.round((rate / 10) * (0.6 + 0.8 * this.#random()));
      const queued = id === 1 ? Math.max(0, one.queued + Math.round(4 * (this.#random() - 0.5))) : 0;
      this.#pools.set(id, { ...one, completed, queued });
    }
  }

  #makePrimitives(): void {
    const sites = (...all: [string, string, number, number][]) =>
      all.map(([fn, file, line, share]) => ({ ...site(fn, file, line), waits: share, waitTime: share * 10 }));
    const owner = (ident: number, depth = 1, alive = true) => ({
      owner: { ident, alive, depth, section: null },
    });
    const all = [
      primitive(31, 'ledger', {
        state: owner(4104),
        queue: [501, 502, 503],
        contention: contention({
          acquires: 5000,
          contended: 3900,
          wait: durations(3900, 4.1, 188, 900),
          held: durations(200, 20, 62),
          sites: sites(
            ['postEntry', 'import.js', 102, 61],
            ['sumUp', 'report.js', 57, 27],
            ['withLock', 'main.js', 31, 12],
          ),
        }),
      }),
      primitive(32, 'catalog', {
        kind: 'RLock',
        state: owner(4102, 2),
        queue: [504, 505],
        contention: contention({
          acquires: 3000,
          contended: 1230,
          wait: durations(1230, 1.2, 74, 300),
          held: durations(200, 9, 35),
          sites: sites(['addPhoto', 'import.js', 88, 72], ['readCatalog', 'report.js', 71, 28]),
        }),
      }),
      primitive(33, 'outbox', {
        kind: 'Condition',
        state: { lock: 39 },
        queue: [506, 507],
        contention: contention({ wait: durations(80, 260, 900, 7400) }),
      }),
      primitive(34, 'disk-slots', {
        kind: 'Semaphore',
        state: { value: 0, most: null },
        queue: [],
        contention: contention({
          acquires: 9000,
          contended: 3240,
          wait: durations(3240, 0.7, 9.8, 31),
          held: durations(140, 8, 24),
        }),
      }),
      primitive(35, 'nightly', {
        kind: 'Barrier',
        state: { parties: 4, arrived: 0, broken: false },
        contention: contention({ wait: durations(9, 410, 2100, 2100) }),
      }),
      primitive(36, 'index', {
        kind: 'RLock',
        state: owner(4105),
        contention: contention({
          acquires: 2100,
          contended: 42,
          wait: durations(42, 0.02, 0.3, 1.1),
          held: durations(33, 60, 100),
        }),
      }),
      primitive(37, 'orders', {
        state: owner(4107, 1, false),
        contention: contention({
          acquires: 800,
          contended: 32,
          ownerDeaths: 1,
          wait: durations(32, 0.3, 2.2, 5),
          held: durations(14, 3, 8),
        }),
      }),
      primitive(38, 'config', {
        kind: 'RLock',
        contention: contention({
          acquires: 90_000,
          contended: 90,
          wait: durations(90, 0.01, 0.05, 0.4),
          held: durations(900, 0.01, 0.02),
        }),
      }),
      primitive(40, 'ready', { kind: 'Event', state: { isSet: true }, contention: contention() }),
    ];
    for (const one of all) this.#primitives.set(one.id, one);
  }

  #makeThreads(ago: (seconds: number) => number): void {
    const loop = (cpu: number, mega: number, delay = 2) => ({
      heard: Date.now(),
      cpu,
      heapUsed: mega * 2 ** 20,
      heapLimit: 2 ** 31,
      utilization: cpu,
      delay,
    });
    const finding = 'deadlock 501 504';
    const all = [
      thread(4096, 'MainThread', { kind: 'main', startedBy: null, waits: [503], loop: loop(0.18, 61, 11) }),
      thread(4101, 'import-1', {
        activity: 'waiting',
        since: ago(9.6),
        runs: 'importFolder',
        waits: [502],
        blockedTime: 21_000,
      }),
      thread(4102, 'import-2', {
        activity: 'waiting',
        since: ago(STUCK),
        runs: 'importFolder',
        waits: [501],
        holds: [32],
        finding,
        blockedTime: 31_000,
        loop: loop(0, 26),
      }),
      thread(4103, 'import-3', { activity: 'waiting', since: ago(4), runs: 'importFolder', waits: [505] }),
      thread(4104, 'report', {
        activity: 'waiting',
        since: ago(STUCK),
        runs: 'dailyReport',
        waits: [504],
        holds: [31],
        finding,
        blockedTime: 18_000,
        loop: loop(0, 31),
      }),
      thread(4105, 'indexer', { runs: 'buildIndex', holds: [36], loop: loop(0.96, 118) }),
      thread(4111, 'thumb 8121', { kind: 'job', pool: 'thumbs', runs: 'makeThumb', loop: loop(0.71, 42) }),
      thread(4112, 'thumb 8122', { kind: 'job', pool: 'thumbs', runs: 'makeThumb', loop: loop(0.74, 40) }),
      thread(4113, 'thumb 8124', { kind: 'job', pool: 'thumbs', runs: 'makeThumb', loop: loop(0.58, 44) }),
      thread(4120, 'mail 310', {
        kind: 'job',
        pool: 'mail',
        activity: 'waiting',
        since: ago(7.4),
        runs: 'sendBatch',
        waits: [506],
        finding: 'starvation 2',
      }),
      thread(4121, 'mail 311', {
        kind: 'job',
        pool: 'mail',
        activity: 'waiting',
        since: ago(7.1),
        runs: 'sendBatch',
        waits: [507],
        finding: 'starvation 2',
      }),
      thread(4130, 'watcher', { daemon: true, activity: 'sleeping', runs: 'watch' }),
      thread(4107, 'uploader', { activity: 'dead', since: ago(21.3), runs: 'upload', holds: [37] }),
    ];
    for (const one of all) this.#threads.set(one.ident, one);
  }

  #makeWaits(ago: (seconds: number) => number): void {
    const of = (id: number): PrimitiveInfo => this.#primitives.get(id) as PrimitiveInfo;
    const all = [
      wait(501, 4102, of(31), { since: ago(STUCK), owner: 4104, site: site('postEntry', 'import.js', 102) }),
      wait(502, 4101, of(31), { since: ago(9.6), owner: 4104 }),
      wait(503, 4096, of(31), { since: ago(6.1), owner: 4104, face: 'observable', count: 3 }),
      wait(504, 4104, of(32), { since: ago(STUCK), owner: 4102, site: site('readCatalog', 'report.js', 71) }),
      wait(505, 4103, of(32), { since: ago(4), owner: 4102 }),
      wait(506, 4120, of(33), { since: ago(7.4) }),
      wait(507, 4121, of(33), { since: ago(7.1) }),
    ];
    for (const one of all) this.#waits.set(one.id, one);
  }

  #makeFindings(ago: (seconds: number) => number): Finding[] {
    const edge = (id: number, holds: number, stack: Site[]) => ({
      wait: this.#waits.get(id) as WaitInfo,
      holds,
      stack,
    });
    const deadlock: Deadlock = {
      id: 'deadlock 501 504',
      kind: 'deadlock',
      since: ago(STUCK),
      message:
        "Deadlock: 'import-2' waits for 'ledger', which 'report' has, and 'report' waits for 'catalog', which 'import-2' has; 3 more wait behind",
      certainty: 'certain',
      doubts: [],
      cycle: [
        edge(501, 32, [
          site('postEntry', 'import.js', 102),
          site('addPhoto', 'import.js', 91),
          site('importFolder', 'import.js', 40),
        ]),
        edge(504, 31, [
          site('readCatalog', 'report.js', 71),
          site('sumUp', 'report.js', 60),
          site('dailyReport', 'report.js', 22),
        ]),
      ],
      behind: [4101, 4096, 4103],
    };
    return [
      deadlock,
      {
        id: 'starvation 2',
        kind: 'starvation',
        since: ago(6.4),
        message:
          "Pool 'mail' starves: all of its 2 workers wait, while 7 jobs that may end it are queued behind: 'mail 310' waits for 'outbox', 'mail 311' waits for 'outbox'",
        pool: 2,
        waits: [506, 507],
      },
      {
        id: 'abandoned 37',
        kind: 'abandoned',
        since: ago(21.3),
        message:
          "Lock 'orders' is abandoned: 'uploader' ended with it; whoever acquires it next gets an OwnerDiedError",
        primitive: 37,
        ident: 4107,
      },
    ];
  }

  #makePools(): void {
    const all = [
      pool(1, 'thumbs', {
        maxThreads: 3,
        threads: 3,
        busy: 3,
        queued: 18,
        completed: 8120,
        failed: 3,
        run: durations(8123, 71, 240),
        wait: durations(8123, 90, 310),
        jobs: [4111, 4112, 4113],
        next: [{ name: 'thumb 8125', since: Date.now() - 310 }],
      }),
      pool(2, 'mail', {
        busy: 2,
        queued: 7,
        completed: 311,
        run: durations(311, 180, 640),
        wait: durations(311, 900, 7400),
        jobs: [4120, 4121],
      }),
      pool(3, 'exif', {
        maxThreads: 4,
        threads: 4,
        busy: 1,
        completed: 51_204,
        failed: 12,
        run: durations(51_216, 3.1, 11),
        wait: durations(51_216, 0.1, 0.4),
      }),
    ];
    for (const one of all) this.#pools.set(one.id, one);
  }
}
