import { gunzipSync } from 'node:zlib';
import { Event, Lock, Thread, ThreadPool } from 'rxjs-threading';
import { type MonitorEvent, record, serveMonitor } from 'rxjs-threading/monitor';
import { describe, expect, it } from 'vitest';
import { type Recorded, traceOf } from '../../src/monitor/record-trace.js';
import { until } from '../support/turns.js';

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly id?: number;
  readonly cat?: string;
  readonly args?: Record<string, unknown>;
}
interface Trace {
  readonly traceEvents: readonly TraceEvent[];
  readonly otherData: { readonly eventsLost: number };
}

/** As the format has it: each kind with its fields, complete events nested within a track, pairs closed, arrows drawn. */
function check({ traceEvents }: Trace): void {
  const open = new Map<string, TraceEvent>();
  const stacks = new Map<number, number[]>();
  for (const event of traceEvents) {
    expect(event.ts).toBeGreaterThanOrEqual(0);
    expect(typeof event.tid).toBe('number');
    expect(event.name).not.toBe('');
    if (event.ph === 'X') expect(event.dur).toBeGreaterThanOrEqual(0);
    if (event.ph === 'b' || event.ph === 's') open.set(`${event.ph}${event.cat}${event.id}`, event);
    if (event.ph === 'e' || event.ph === 'f') {
      const begin = open.get(`${event.ph === 'e' ? 'b' : 's'}${event.cat}${event.id}`);
      expect(begin?.ts).toBeLessThanOrEqual(event.ts);
      open.delete(`${event.ph === 'e' ? 'b' : 's'}${event.cat}${event.id}`);
    }
  }
  expect([...open.values()]).toEqual([]);
  const complete = traceEvents
    .filter(({ ph }) => ph === 'X')
    .toSorted((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  for (const { tid, ts, dur = 0 } of complete) {
    const stack = stacks.get(tid) ?? [];
    while ((stack.at(-1) ?? Number.POSITIVE_INFINITY) <= ts) stack.pop();
    // A µs for what a release takes.
    expect(ts + dur).toBeLessThanOrEqual((stack.at(-1) ?? Number.POSITIVE_INFINITY) + 1);
    stack.push(ts + dur);
    stacks.set(tid, stack);
  }
}

const read = (gzipped: Uint8Array): Trace => JSON.parse(gunzipSync(gzipped).toString()) as Trace;

function acquireOnce(lock: Lock, begun: Event): void {
  begun.set();
  lock.acquireSync();
  lock.release();
}

describe('a recording', () => {
  it('names what a thread ran that was queued as it began', async () => {
    const [lock, begun] = [new Lock(), new Event()];
    const thread = new Thread({ target: acquireOnce, args: [lock, begun] }).start();
    const recording = record();
    await thread.join();
    const { traceEvents } = read(await recording.stop());
    const ran = traceEvents.filter(({ ph, tid, cat }) => ph === 'X' && tid === thread.ident && cat === 'run');
    expect(ran.map(({ name }) => name)).toEqual(['acquireOnce']);
  });

  it('has what threads ran and waited for, and who woke them', async () => {
    const [lock, begun] = [new Lock({ name: 'recorded' }), new Event({ name: 'begun' })];
    await lock.acquire();
    const recording = record();
    const thread = new Thread({ target: acquireOnce, args: [lock, begun], name: 'recorded thread' }).start();
    await begun.wait();
    await until(() => lock.waiting > 0);
    const mine = lock.acquire().then(() => lock.release());
    lock.release();
    await Promise.all([mine, thread.join()]);
    const trace = read(await recording.stop());
    check(trace);
    const ident = thread.ident ?? 0;
    const names = (ph: string, tid: number): string[] =>
      trace.traceEvents.filter((one) => one.ph === ph && one.tid === tid).map(({ name }) => name);
    expect(trace.traceEvents).toContainEqual(
      expect.objectContaining({ ph: 'M', tid: ident, args: { name: 'recorded thread' } }),
    );
    expect(names('X', ident)).toContain('acquireOnce');
    expect(names('X', ident)).toContain('wait recorded');
    expect(names('b', 4096)).toContain('wait recorded');
    expect(names('s', 4096)).toContain('wakes');
    expect(names('f', ident)).toContain('wakes');
    expect(trace.otherData.eventsLost).toBe(0);
  });

  it('has how many jobs pools had', async () => {
    await using pool = new ThreadPool({ name: 'recorded pool', maxThreads: 1 });
    const recording = record();
    await pool.run(() => 1);
    const trace = read(await recording.stop());
    const counted = trace.traceEvents.filter(({ ph, name }) => ph === 'C' && name === 'pool recorded pool');
    expect(counted.at(-1)?.args).toEqual({ busy: 0, queued: 0 });
  });

  it('has nothing of a thread that had ended before it began', async () => {
    const ended = new Thread({ target: acquireOnce, args: [new Lock(), new Event()] }).start();
    await ended.join();
    const { traceEvents } = read(await record().stop());
    expect(traceEvents.filter(({ tid, ph }) => tid === ended.ident && ph !== 'M')).toEqual([]);
  });

  it('keeps no more events than it may, and says how many are missing', async () => {
    const lock = new Lock();
    await lock.acquire();
    const recording = record({ most: 10 });
    for (let n = 0; n < 100; n++) {
      const waiting = lock.acquire().subscribe();
      waiting.unsubscribe();
    }
    const stopped = recording.stop();
    expect(recording.stop()).toBe(stopped);
    const trace = read(await stopped);
    check(trace);
    expect(trace.otherData.eventsLost).toBeGreaterThanOrEqual(100);
  });

  it.each([0, -1, 1.5, 'x', Number.NaN])('of %s events is refused', (most) => {
    expect(() => record({ most: most as number })).toThrow(/most must be a/);
  });

  it('is what a server gives', async () => {
    await using monitor = await serveMonitor({ port: 0 });
    const lock = new Lock({ name: 'served trace' });
    await lock.acquire();
    const asked = fetch(`${monitor.url}trace?seconds=1`);
    const other = await fetch(`${monitor.url}trace?seconds=1`);
    const [first, second] = [await asked, other].toSorted((a, b) => a.status - b.status);
    expect([first?.status, second?.status]).toEqual([200, 429]);
    expect(first?.headers.get('content-type')).toBe('application/gzip');
    check(read(new Uint8Array((await first?.arrayBuffer()) ?? new ArrayBuffer(0))));
  });
});

describe('the trace of a recording', () => {
  const base = { by: null, face: null, primitive: null } as const;
  const trace = (events: readonly MonitorEvent[]): Trace => {
    const recorded: Recorded = {
      pid: 1,
      name: 'app',
      from: 1000,
      to: 2000,
      events,
      lost: 0,
      threads: new Map([[7, { name: 'worker', runs: 'work', begun: true }]]),
      primitives: new Map([[3, 'ledger']]),
      pools: [],
      findings: new Map([['d', { since: 500, message: 'stuck' }]]),
    };
    const made = JSON.parse(JSON.stringify(traceOf(recorded))) as Trace;
    check(made);
    return made;
  };
  const shown = (events: readonly MonitorEvent[]): unknown[] =>
    trace(events)
      .traceEvents.filter(({ ph }) => ph !== 'M')
      .map(({ ph, name, ts, dur }) => [ph, name, ts, ...(dur === undefined ? [] : [dur])]);

  it('begins with what lasted already, and ends what lasts still', () => {
    expect(
      shown([
        { ...base, time: 1100, ident: 7, event: 'woken', primitive: 3, face: 'blocking' },
        { ...base, time: 1500, ident: 7, event: 'wait', primitive: 3, face: 'blocking' },
      ]),
    ).toEqual([
      ['X', 'wait ledger', 0, 100_000],
      ['X', 'work', 0, 1_000_000],
      ['i', 'stuck', 0],
      ['X', 'wait ledger', 500_000, 500_000],
    ]);
  });

  it('has an end for a thread that was killed, and a name for what is joined', () => {
    expect(
      shown([
        { ...base, time: 1200, ident: 4096, event: 'wait', primitive: -7, by: 7, face: 'observable' },
        { ...base, time: 1300, ident: 7, event: 'killed' },
        { ...base, time: 1300, ident: 4096, event: 'woken', primitive: -7, face: 'observable' },
      ]),
    ).toEqual([
      ['X', 'work', 0, 300_000],
      ['i', 'stuck', 0],
      ['b', 'wait worker', 200_000],
      ['i', 'killed', 300_000],
      ['e', 'wait worker', 300_000],
    ]);
  });
});
