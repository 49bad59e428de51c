import { catchError, defer, EMPTY, Observable, Subscription, switchMap } from 'rxjs';
import { checkMs, checkOptions } from '../primitives/options.js';
import { after } from '../primitives/waiting/event-loop.js';
import type { Wait } from '../primitives/waiting/wait.js';
import type { MachineInfo, MachinePool, MachinesSnapshot, SnapshotThing } from './info.js';
import { isPassing, MEMBERS, stateStream } from './remote-stream.js';
import { list, number, type Said, saidIn, text, tokenIn } from './said.js';
import type { Session } from './session.js';

/** Columns of a member in the engine's answers. */
const COLUMNS = 4;
const KINDS: Record<string, SnapshotThing['kind']> = {
  l: 'lock',
  s: 'semaphore',
  e: 'event',
  b: 'barrier',
  c: 'condition',
};

function machinesOf(rows: readonly string[]): MachineInfo[] {
  const machines: MachineInfo[] = [];
  for (let at = 0; at < rows.length; at += COLUMNS) {
    const [session = '', leaseEnds, joined, info] = rows.slice(at, at + COLUMNS);
    const { name, host, pid, node, threads, pools } = saidIn<MachineInfo>(info);
    machines.push({
      session,
      name: text(name),
      host: text(host),
      pid: number(pid),
      joined: Number(joined),
      leaseEnds: Number(leaseEnds),
      node: text(node),
      threads: number(threads),
      pools: list(pools).map(poolOf),
    });
  }
  return machines.sort((a, b) => a.joined - b.joined || (a.session < b.session ? -1 : 1));
}

function poolOf(said: unknown): MachinePool {
  const { name, busy, queued, threads } = (said ?? {}) as Said<MachinePool>;
  return { name: text(name), busy: number(busy), queued: number(queued), threads: number(threads) };
}

/** All living processes of the namespace, in the order in which they joined. */
export function enumerate(session: Session): Wait<readonly MachineInfo[]> {
  return session.ask(machinesOf, 'members');
}

/** The same and every change. Renewals alone are none. */
export function enumerateStream(session: Session): Observable<readonly MachineInfo[]> {
  const told = ({ leaseEnds: _, ...rest }: MachineInfo) => rest;
  const same = (a: readonly MachineInfo[], b: readonly MachineInfo[]) =>
    JSON.stringify(a.map(told)) === JSON.stringify(b.map(told));
  return stateStream(session, MEMBERS, machinesOf, same);
}

export function snapshot(session: Session): Wait<MachinesSnapshot> {
  return session.ask(snapshotOf, 'snapshot');
}

/** The same for who looks again and again: fails, see `isPassing`, where the engine cannot answer now. */
export function lookAtAll(session: Session): Promise<MachinesSnapshot> {
  return session.attempt('snapshot').then(snapshotOf);
}

export function snapshotStream(
  session: Session,
  options?: { every?: number | undefined },
): Observable<MachinesSnapshot> {
  checkOptions(options, ['every']);
  const every = checkMs('every', options?.every ?? 1000);
  const ticks = new Observable<void>((subscriber) => {
    const members = new Subscription();
    const tick = (): void => {
      members.remove(next);
      next.unsubscribe();
      next = new Subscription(after(every, tick));
      members.add(next);
      subscriber.next();
    };
    let next = new Subscription();
    members.add(
      enumerateStream(session).subscribe({
        next: tick,
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
    return members;
  });
  const look = defer(() => lookAtAll(session)).pipe(
    catchError((error) => {
      // The next one tells, once the engine can be reached.
      if (isPassing(error)) return EMPTY;
      throw error;
    }),
  );
  return ticks.pipe(switchMap(() => look));
}

/** @param answer - now, how many members, their rows, then session, `thing number` and what it has come to, of each entry */
function snapshotOf([at, count, ...rest]: readonly string[]): MachinesSnapshot {
  const members = Number(count) * COLUMNS;
  const things = new Map<string, Writable>();
  for (let i = members; i < rest.length; i += 3) {
    const [session = '', entry = '', value = ''] = rest.slice(i, i + 3);
    const thing = entry.slice(0, entry.lastIndexOf(' '));
    const kind = KINDS[thing.charAt(0)];
    const [what, word = ''] = value.split(' ');
    if (kind === undefined || what === undefined) continue;
    const found = things.get(thing) ?? { kind, name: text(thing.slice(2)), holders: [], waiters: [] };
    // µs of the engine's clock when it was granted.
    if (what === 'h')
      found.holders.push({ session, token: tokenIn(word), since: Math.floor(number(Number(word)) / 1000) });
    else if (/^[wWna]$/.test(what)) found.waiters.push({ session, since: number(Number(word)) });
    else continue;
    things.set(thing, found);
  }
  for (const { holders, waiters } of things.values()) {
    holders.sort((a, b) => a.since - b.since);
    waiters.sort((a, b) => a.since - b.since);
  }
  return { at: Number(at), machines: machinesOf(rest.slice(0, members)), things: [...things.values()] };
}

interface Writable extends SnapshotThing {
  readonly holders: SnapshotThing['holders'][number][];
  readonly waiters: SnapshotThing['waiters'][number][];
}
