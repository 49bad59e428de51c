import type {
  Inspection,
  PoolInfo,
  PrimitiveInfo,
  PrimitiveState,
  ThreadActivity,
  ThreadInfo,
} from '../types.js';
import { visible } from '../visible.js';
import { machineTable } from './machine-table.js';
import type { Look } from './spans.js';
import type { Row, Table } from './table.js';
import { count, duration, size } from './words.js';

const MARKS: Readonly<Record<ThreadActivity, string>> = {
  queued: '◌',
  running: '●',
  waiting: '■',
  sleeping: '◐',
  idle: '○',
  stopped: '·',
  dead: '◆',
};
const LOOKS: Readonly<Record<ThreadActivity, Look>> = {
  queued: 'soft',
  running: 'running',
  waiting: 'waiting',
  sleeping: 'soft',
  idle: 'soft',
  stopped: 'soft',
  dead: 'dead',
};

/** The names of what an inspection names by number, as a terminal may show them. */
class Names {
  readonly #threads: ReadonlyMap<number, string>;
  readonly #primitives: ReadonlyMap<number, string>;

  constructor({ threads, primitives }: Inspection) {
    this.#threads = new Map(threads.map(({ ident, name }) => [ident, visible(name)]));
    this.#primitives = new Map(primitives.map(({ id, name }) => [id, visible(name)]));
  }

  thread(ident: number): string {
    return this.#threads.get(ident) ?? `thread ${ident}`;
  }

  primitive(id: number): string {
    return this.#primitives.get(id) ?? `#${id}`;
  }
}

export function tables(now: Inspection): Table[] {
  const names = new Names(now);
  return [threadTable(now, names), primitiveTable(now, names), poolTable(now), machineTable(now)];
}

function threadTable(now: Inspection, names: Names): Table {
  const waits = new Map(now.waits.map((wait) => [wait.id, wait]));
  const row = (thread: ThreadInfo): Row => {
    const { activity, ident, since, blockedTime, loop, runs, pool, daemon, kind, startedBy } = thread;
    const own = thread.waits.flatMap((id) => waits.get(id) ?? []);
    const [wait] = own;
    const age = Math.max(0, now.time - (wait?.since ?? since));
    const waitsFor = own.map(({ name, owner, count: many }) => {
      const held = owner === null ? '' : ` ← ${names.thread(owner)}`;
      return `${visible(name)}${many > 1 ? ` ×${many}` : ''}${held}`;
    });
    const holds = thread.holds.map((id) => names.primitive(id)).join(', ');
    const about = [
      `${kind} ${ident}${daemon ? ', daemon' : ''}`,
      pool === null ? '' : `pool ${visible(pool)}`,
      startedBy === null ? '' : `started by ${names.thread(startedBy)}`,
      runs === null ? '' : `runs ${visible(runs)}`,
      holds === '' ? '' : `holds ${holds}`,
      wait?.until == null ? '' : `gives up in ${duration(Math.max(0, wait.until - now.time))}`,
      `blocked ${duration(blockedTime)} in all`,
    ];
    return {
      id: ident,
      cells: [
        `${MARKS[activity]} ${thread.finding === null ? activity : `${activity} !`}`,
        visible(thread.name),
        String(ident),
        duration(age),
        waitsFor.join(', ') || (runs === null ? '' : visible(runs)),
        holds,
        loop?.cpu == null ? '' : `${Math.round(loop.cpu * 100)}%`,
        loop === null ? '' : size(loop.heapUsed),
      ],
      look: thread.finding === null ? LOOKS[activity] : 'dead',
      keys: [wait === undefined ? -1 : age, visible(thread.name), loop?.cpu ?? -1, blockedTime],
      more: about.filter((part) => part !== '').join(' · '),
    };
  };
  return {
    title: 'THREADS',
    tells: 0,
    columns: [
      { head: '', most: 11 },
      { head: 'name', most: 28 },
      { head: 'ident', align: 'right', most: 8, from: 90 },
      { head: 'for', align: 'right', most: 8 },
      { head: 'waits for, or runs' },
      { head: 'holds', from: 70 },
      { head: 'cpu', align: 'right', most: 4, from: 100 },
      { head: 'heap', align: 'right', most: 7, from: 100 },
    ],
    sorts: ['wait', 'name', 'cpu', 'blocked'],
    rows: now.threads.map(row),
  };
}

function primitiveTable(now: Inspection, names: Names): Table {
  const waiting = new Map<number, number>();
  for (const { primitive, count: many } of now.waits)
    if (primitive !== null) waiting.set(primitive, (waiting.get(primitive) ?? 0) + many);
  const row = (one: PrimitiveInfo): Row => {
    const { contended, timeouts, ownerDeaths, wait, sites, acquires } = one.contention;
    const many = waiting.get(one.id) ?? 0;
    const { text, look } = stateOf(one.state, names);
    const [site] = sites;
    const about = [
      `${one.kind} #${one.id}`,
      acquires === null ? '' : `${count(acquires)} acquired`,
      `waited p50 ${duration(wait.p50)}, p99 ${duration(wait.p99)}, max ${duration(wait.max)}`,
      timeouts === 0 ? '' : `${count(timeouts)} timeouts`,
      ownerDeaths === 0 ? '' : `${ownerDeaths} owners died`,
      site === undefined ? '' : `mostly at ${visible(site.file)}:${site.line}`,
    ];
    return {
      id: one.id,
      cells: [
        visible(one.name),
        one.kind,
        text,
        many === 0 ? '' : count(many),
        count(contended),
        contended === 0 ? '' : duration(wait.p99),
        contended === 0 ? '' : duration(wait.total),
      ],
      look,
      keys: [many, wait.total, contended, visible(one.name)],
      more: about.filter((part) => part !== '').join(' · '),
    };
  };
  return {
    title: 'LOCKS',
    tells: 2,
    columns: [
      { head: 'name', most: 30 },
      { head: 'kind', most: 16, from: 70 },
      { head: 'state' },
      { head: 'waiting', align: 'right', most: 7 },
      { head: 'contended', align: 'right', most: 9 },
      { head: 'p99', align: 'right', most: 8 },
      { head: 'waited', align: 'right', most: 8, from: 70 },
    ],
    sorts: ['waiting', 'waited', 'contended', 'name'],
    rows: now.primitives.map(row),
  };
}

function stateOf(
  state: PrimitiveState,
  names: Names,
): { readonly text: string; readonly look: Look | undefined } {
  const told = (text: string, look?: Look) => ({ text, look });
  if ('owner' in state) {
    const { owner } = state;
    if (owner === null) return told('free', 'soft');
    const depth = owner.depth > 1 ? ` ×${owner.depth}` : '';
    return owner.alive
      ? told(`held by ${names.thread(owner.ident)}${depth}`)
      : told(`left by ${names.thread(owner.ident)}, who is dead`, 'dead');
  }
  if ('value' in state)
    return told(state.most === null ? `${state.value} free` : `${state.value} of ${state.most} free`);
  if ('isSet' in state) return told(state.isSet ? 'set' : 'clear', state.isSet ? 'good' : 'soft');
  if ('lock' in state) return told(`with ${names.primitive(state.lock)}`, 'soft');
  if ('parties' in state)
    return state.broken ? told('broken', 'dead') : told(`${state.arrived} of ${state.parties} there`);
  return told('', undefined);
}

function poolTable(now: Inspection): Table {
  const starved = new Set(now.findings.map((one) => (one.kind === 'starvation' ? one.pool : null)));
  const row = (one: PoolInfo): Row => {
    const { threads, busy, queued, completed, failed, cancelled, run, wait, maxThreads, maxQueue } = one;
    const about = [
      `${maxThreads} threads at most`,
      maxQueue === null ? '' : `${count(maxQueue)} queued at most`,
      `waited p50 ${duration(wait.p50)}, p99 ${duration(wait.p99)}`,
      `ran p50 ${duration(run.p50)}, p99 ${duration(run.p99)}, max ${duration(run.max)}`,
      cancelled === 0 ? '' : `${count(cancelled)} cancelled`,
    ];
    return {
      id: one.id,
      cells: [
        visible(one.name),
        `${busy} of ${threads} busy${starved.has(one.id) ? ', starved' : ''}`,
        count(queued),
        count(completed),
        failed === 0 ? '' : count(failed),
        duration(run.p99),
        duration(wait.p99),
      ],
      look: starved.has(one.id) ? 'dead' : busy > 0 ? 'running' : 'soft',
      keys: [queued, busy, visible(one.name)],
      more: about.filter((part) => part !== '').join(' · '),
    };
  };
  return {
    title: 'POOLS',
    tells: 1,
    columns: [
      { head: 'name', most: 30 },
      { head: 'workers' },
      { head: 'queued', align: 'right', most: 7 },
      { head: 'done', align: 'right', most: 7 },
      { head: 'failed', align: 'right', most: 6 },
      { head: 'run p99', align: 'right', most: 8 },
      { head: 'wait p99', align: 'right', most: 8, from: 70 },
    ],
    sorts: ['queued', 'busy', 'name'],
    rows: now.pools.map(row),
  };
}
