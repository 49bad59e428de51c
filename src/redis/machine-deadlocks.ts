import { distinctUntilChanged, map, type Observable, pairwise, startWith } from 'rxjs';
import type { MachineInfo, MachinesSnapshot, SnapshotThing } from './info.js';

/** One process of a cycle: what it waits for, and which process has that. */
export interface MachineDeadlockEdge {
  readonly machine: MachineInfo;
  /** What it waits for; the next machine of the cycle holds it. */
  readonly waitsFor: string;
  /** ms since the epoch, by the engine's clock, since when. */
  readonly since: number;
}

/**
 * Processes each of which waits for a lock that the next one holds. Suspected only: sections of one process that have nothing
 * to do with each other look the same, and may go on.
 */
export interface MachineDeadlock {
  /** The same deadlock has the same id as long as it lasts. */
  readonly id: string;
  /** ms since the epoch, by the engine's clock: when the last of its waits began. */
  readonly since: number;
  /** One sentence, with names, hosts and processes. */
  readonly message: string;
  /** Each waits for the next; the last for the first. */
  readonly cycle: readonly MachineDeadlockEdge[];
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly thing: string;
  readonly token: bigint;
  readonly since: number;
}

/**
 * The edges of one moment: who waits for a lock, and who has it. A process that waits for what another part of it has is none,
 * since that part goes on.
 */
function edgesOf({ things }: MachinesSnapshot): Edge[] {
  const locks = things.filter(({ kind }) => kind === 'lock');
  return locks.flatMap(({ name, holders, waiters }: SnapshotThing) => {
    const [holder] = holders;
    if (holder === undefined) return [];
    const others = waiters.filter(({ session }) => session !== holder.session);
    return others.map(({ session, since }) => ({
      from: session,
      to: holder.session,
      thing: name,
      token: holder.token,
      since,
    }));
  });
}

const keyOf = ({ from, to, thing, token, since }: Edge): string => `${from} ${to} ${token} ${since} ${thing}`;

/** Of each process that is in a cycle the shortest one, each once, from the session that comes first in the order of names. */
function cyclesOf(edges: readonly Edge[]): Edge[][] {
  const from = new Map<string, Edge[]>();
  for (const edge of edges) from.set(edge.from, [...(from.get(edge.from) ?? []), edge]);
  const cycles = new Map<string, Edge[]>();
  for (const session of from.keys()) {
    const cycle = shortest(session, from);
    if (cycle === undefined) continue;
    const first = cycle.reduce(
      (least, edge, index) => (edge.from < (cycle[least] as Edge).from ? index : least),
      0,
    );
    const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
    cycles.set(turned.map(keyOf).join(), turned);
  }
  return [...cycles.values()];
}

/** From the session back to it, or undefined. Breadth first, because the number of all cycles has no bound. */
function shortest(session: string, from: ReadonlyMap<string, readonly Edge[]>): Edge[] | undefined {
  const seen = new Set<string>();
  let paths: Edge[][] = [[]];
  while (paths.length > 0) {
    const longer: Edge[][] = [];
    for (const path of paths) {
      for (const edge of from.get(path.at(-1)?.to ?? session) ?? []) {
        if (edge.to === session) return [...path, edge];
        if (!seen.has(edge.to)) longer.push([...path, edge]);
        seen.add(edge.to);
      }
    }
    paths = longer;
  }
  return undefined;
}

function described(cycle: readonly Edge[], machines: ReadonlyMap<string, MachineInfo>): MachineDeadlock[] {
  const steps: MachineDeadlockEdge[] = [];
  for (const { from, thing, since } of cycle) {
    const machine = machines.get(from);
    // Its lease is over: what it has is free in a moment.
    if (machine === undefined) return [];
    steps.push({ machine, waitsFor: thing, since });
  }
  const who = ({ name, host, pid }: MachineInfo): string => `'${name}' (${host}, process ${pid})`;
  const parts = steps.map(({ machine, waitsFor }, index) => {
    const next = steps[(index + 1) % steps.length] as MachineDeadlockEdge;
    return `${who(machine)} waits for lock '${waitsFor}', which ${who(next.machine)} has`;
  });
  return [
    {
      id: cycle.map(keyOf).join(),
      since: Math.max(...steps.map(({ since }) => since)),
      message: `${steps.length} processes may be in a deadlock: ${parts.join('; ')}`,
      cycle: steps,
    },
  ];
}

/**
 * What was so in both looks: the same holds, the same waits. Between two of them an ordered program has gone on.
 *
 * @param before - of an earlier look
 */
export function deadlocksIn(before: MachinesSnapshot, now: MachinesSnapshot): readonly MachineDeadlock[] {
  const known = new Set(edgesOf(before).map(keyOf));
  const edges = edgesOf(now).filter((edge) => known.has(keyOf(edge)));
  const machines = new Map(now.machines.map((machine) => [machine.session, machine]));
  return cyclesOf(edges).flatMap((cycle) => described(cycle, machines));
}

/** The deadlocks between the processes of a namespace, and every change. @param looks - snapshots, one after the other */
export function deadlockStream(looks: Observable<MachinesSnapshot>): Observable<readonly MachineDeadlock[]> {
  const ids = (found: readonly MachineDeadlock[]): string => found.map(({ id }) => id).join('\n');
  return looks.pipe(
    pairwise(),
    map(([before, now]) => deadlocksIn(before, now)),
    startWith<readonly MachineDeadlock[]>([]),
    distinctUntilChanged((one, other) => ids(one) === ids(other)),
  );
}
