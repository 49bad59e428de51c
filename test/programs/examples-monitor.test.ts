import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type {
  ContentionInfo,
  Durations,
  Inspection,
  PrimitiveInfo,
  ThreadInfo,
  WaitInfo,
} from 'rxjs-threading/monitor';
import { describe, expect, it } from 'vitest';
import { lines } from '../../examples/monitor/lines.js';
import { endWithTest } from '../support/children.js';
import { runInTerminal } from '../support/run-in-terminal.js';
import { runProgram } from '../support/run-program.js';

const file = fileURLToPath(new URL('../../build/examples/monitor/main.js', import.meta.url));

const of = (count: number, total: number): Durations => ({ count, total, p50: 0, p99: 0, max: 0 });
const contention: ContentionInfo = {
  acquires: null,
  contended: 0,
  timeouts: 0,
  ownerDeaths: 0,
  signalled: false,
  wait: of(0, 0),
  held: null,
  sites: [],
};
const thread = (ident: number, name: string, more: Partial<ThreadInfo> = {}): ThreadInfo => ({
  ident,
  name,
  nativeId: null,
  kind: 'thread',
  daemon: false,
  pool: null,
  startedBy: null,
  activity: 'running',
  since: 0,
  runs: null,
  waits: [],
  holds: [],
  blockedTime: 0,
  loop: null,
  finding: null,
  ...more,
});
const primitive = (
  id: number,
  kind: PrimitiveInfo['kind'],
  name: string,
  state: PrimitiveInfo['state'],
  ...queue: number[]
): PrimitiveInfo => ({ id, kind, name, named: true, state, queue, contention });
const owned = (ident: number, alive = true) => ({ owner: { ident, alive, depth: 1, section: null } });
const wait = (id: number, ident: number, primitive: number, name: string, count = 1): WaitInfo => ({
  id,
  ident,
  primitive,
  name,
  face: 'blocking',
  count,
  since: 8000,
  until: null,
  owner: null,
  section: null,
  site: null,
});
const nothing: Inspection = {
  version: 1,
  time: 10_000,
  process: { pid: 1, name: 'office', node: '20.20.0', started: 0, memory: 0 },
  threads: [thread(4096, 'MainThread')],
  primitives: [],
  pools: [],
  waits: [],
  namespaces: [],
  findings: [],
  limits: { countedSince: null, primitivesLeftOut: 0, eventsLost: 0 },
};

describe('the page of the monitor', () => {
  it('shows who holds what, who waits for it, and since when', () => {
    const pool = { id: 1, name: 'archive', of: 4096, maxThreads: 2, threads: 2, busy: 1, queued: 0 };
    const jobs = { maxQueue: null, completed: 7, failed: 1, cancelled: 0, jobs: [], next: [] };
    const shown = lines({
      ...nothing,
      threads: [
        thread(4096, 'MainThread', { waits: [2, 3] }),
        thread(4097, 'Ann', { activity: 'waiting', daemon: true, waits: [1] }),
        thread(4098, 'Bob', { activity: 'queued' }),
      ],
      primitives: [
        primitive(1, 'Lock', 'ledger', owned(4096), 1),
        primitive(2, 'RLock', 'stamp', { owner: null }, 3),
        primitive(3, 'Lock', 'seal', owned(5000, false)),
        primitive(4, 'Semaphore', 'desks', { value: 2, most: null }),
        primitive(5, 'Event', 'door', { isSet: true }, 2),
        primitive(6, 'Barrier', 'lunch', { parties: 4, arrived: 3, broken: false }),
        primitive(7, 'Barrier', 'tea', { parties: 2, arrived: 0, broken: true }),
      ],
      pools: [{ ...pool, ...jobs, run: of(8, 12_000), wait: of(8, 0) }],
      waits: [wait(1, 4097, 1, 'ledger'), wait(2, 4096, 5, 'door', 3), wait(3, 4096, 2, 'stamp')],
    });
    expect(shown).toEqual([
      'lock       ledger   held by MainThread  1 waiting',
      'rlock      stamp    free                1 waiting',
      'lock       seal     held by 5000, dead  0 waiting',
      'semaphore  desks    2 left              0 waiting',
      'event      door     set                 3 waiting',
      'barrier    lunch    3 of 4 there        0 waiting',
      'barrier    tea      broken              0 waiting',
      'pool       archive  1 of 2 busy         0 queued, 7 completed, 1 failed',
      '                    on average          0.0 s queued, 1.5 s running',
      '',
      'ident  thread      does             waits for',
      '4096   MainThread  running          door for 2.0 s, and 1 more',
      '4097   Ann         waiting, daemon  ledger for 2.0 s, held by MainThread',
      '4098   Bob         queued',
      '',
    ]);
  });

  it('shows the threads where there is nothing else', () => {
    expect(lines(nothing)).toEqual([
      '',
      'ident  thread      does     waits for',
      '4096   MainThread  running',
      '',
    ]);
  });

  it('tells first what is wrong', () => {
    const finding = {
      kind: 'starvation',
      id: 'a',
      since: 0,
      message: 'archive starves',
      pool: 1,
      waits: [],
    } as const;
    expect(lines({ ...nothing, findings: [finding] }).slice(0, 2)).toEqual(['! archive starves', '']);
  });
});

interface Frame {
  /** Cells of the first table, by name. */
  readonly primitives: Map<string, string[]>;
  /** Cells of the second, by thread. */
  readonly threads: Map<string, string[]>;
}

const cellsOf = (line: string): string[] => line.split(/ {2,}/);

function frameOf(text: string): Frame {
  const all = text.trimEnd().split('\n');
  const heading = all.findIndex((line) => line.startsWith('ident'));
  const rows = (lines: string[]) => new Map(lines.map(cellsOf).map((cells) => [cells[1] ?? '', cells]));
  return { primitives: rows(all.slice(0, heading - 1)), threads: rows(all.slice(heading + 1)) };
}

/** The whole frames of a terminal's output. */
function framesOf(output: string): Frame[] {
  const [, ...drawn] = output.split('\x1b[H');
  return drawn
    .filter((text) => text.includes('\x1b[J'))
    .map((text) =>
      frameOf(text.slice(0, text.indexOf('\x1b[J')).replaceAll('\x1b[K', '').replaceAll('\r', '')),
    );
}

const waitPattern = /^(\w+) for \d+\.\d s(?:, (free|held by (\w+)))?$/;

/** What each row says of its primitive, as far as the office can bring it to that. */
const rowPatterns: Record<string, RegExp> = {
  door: /^event (set|clear) \d waiting$/,
  desks: /^semaphore [0-3] left \d waiting$/,
  ledger: /^lock (free|held by (Ann|Bob|Cid|Dot|MainThread)) \d+ waiting$/,
  stamp: /^lock (free|held by (Ann|Bob|Cid|Dot)) \d waiting$/,
  lunch: /^barrier [0-4] of 4 there [0-4] waiting$/,
  // A job may stand behind another for 2 ms while a worker is free.
  archive: /^pool [0-2] of [0-2] busy \d+ queued, \d+ completed, 0 failed$/,
  'on average': /^ \d+\.\d s queued, \d+\.\d s running$/,
};

/** What a frame says in one place it says in the others. */
function expectTruth({ primitives, threads }: Frame): void {
  const rows = [...primitives].map(([name, [kind, , ...rest]]) => [name, [kind, ...rest].join(' ')]);
  for (const [name, row] of rows) expect(row).toMatch(rowPatterns[name!]!);
  expect(rows.map(([name]) => name)).toEqual(Object.keys(rowPatterns));
  expect(new Set([...threads.values()].map(([ident]) => ident)).size).toBe(threads.size);
  const waiting = new Map<string, string[]>();
  for (const [thread, [, , state, waits]] of threads) {
    expect(state).toMatch(/^(queued|running|waiting|sleeping|idle|stopped)(, daemon)?$/);
    if (waits === undefined) continue;
    if (thread !== 'MainThread') expect(state).toMatch(/^waiting/);
    const [, name = '', held, holder] = waitPattern.exec(waits) ?? [];
    waiting.set(name, [...(waiting.get(name) ?? []), thread]);
    const [kind, , holds] = primitives.get(name) ?? [];
    expect(held).toBe(kind === 'lock' ? holds : undefined);
    expect(holder).not.toBe(thread);
    if (holder !== undefined) expect(threads.has(holder)).toBe(true);
  }
  for (const name of ['ledger', 'stamp', 'desks', 'door']) {
    const shown = waiting.get(name) ?? [];
    const count = Number.parseInt(primitives.get(name)?.[3] ?? '', 10);
    // Those of main are Observables: several may wait.
    if (shown.includes('MainThread')) expect(count).toBeGreaterThanOrEqual(shown.length);
    else expect(count).toBe(shown.length);
  }
}

const completedIn = ({ primitives }: Frame): number =>
  Number(/(\d+) completed/.exec(primitives.get('archive')?.[3] ?? '')?.[1]);
const showsContention = ({ threads }: Frame): boolean =>
  [...threads.values()].some(([, , state, waits]) => state === 'waiting' && /held by/.test(waits ?? ''));

describe.concurrent('the monitor', { timeout: 60_000 }, () => {
  it('draws frames that tell the truth, until q', async () => {
    const { code, output, before, after } = await runInTerminal(file, 'q', (output) => {
      const frames = framesOf(output);
      return frames.length >= 30 && frames.some(showsContention) && completedIn(frames.at(-1)!) > 0;
    });
    expect(code).toBe(0);
    const frames = framesOf(output);
    for (const frame of frames) expectTruth(frame);
    const completed = frames.map(completedIn);
    expect(completed).toEqual(completed.toSorted((a, b) => a - b));
    expect(after).toBe(before);
  });

  it('gives the terminal back at Ctrl-C, and ends by itself', async () => {
    const { code, output, before, after } = await runInTerminal(
      file,
      '\x03',
      (output) => framesOf(output).length >= 5,
    );
    expect(code).toBe(0);
    expect(before).not.toBe('');
    expect(after).toBe(before);
    expect(output.split('\x1b[?1049h\x1b[?25l')).toHaveLength(2);
    const [drawn, left] = output.split('\x1b[?25h\x1b[?1049l');
    expect(framesOf(drawn!).length).toBeGreaterThanOrEqual(5);
    expect(left).toMatch(/^\d+ frames in \d+\.\d s\r\n/);
  });

  it('prints a frame now and then where there is no terminal, and ends when its time is up', async () => {
    const { code, lines, errors } = await runProgram(file, ['--seconds', '2.5']);
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(lines.join('\n')).not.toContain('\x1b');
    const [last, ...rest] = lines.toReversed();
    const [, ran] = /^\d+ frames in (\d+\.\d) s$/.exec(last ?? '') ?? [];
    expect(Number(ran)).toBeGreaterThan(2.5);
    const frames = rest
      .toReversed()
      .join('\n')
      .split(/\n\n(?=event)/)
      .map(frameOf);
    // At most one a second.
    expect(frames.length).toBeLessThan(Number(ran) + 1);
    for (const frame of frames) expectTruth(frame);
  });

  it('ends cleanly at SIGINT where there is no terminal', async () => {
    const program = endWithTest(spawn(process.execPath, [file], { timeout: 50_000 }));
    program.stdout.once('data', () => program.kill('SIGINT'));
    expect(await once(program, 'close')).toEqual([0, null]);
  });

  it('names the number of seconds that is none', async () => {
    const { code, lines, errors } = await runProgram(file, ['--seconds', 'ten']);
    expect({ code, lines, errors }).toEqual({
      code: 1,
      lines: [],
      errors: "--seconds takes a number above 0, got 'ten'\n",
    });
  });
});
