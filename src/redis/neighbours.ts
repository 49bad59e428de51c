import { readFileSync, readlinkSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { nativeId } from '../primitives/threads/kernel.js';
import { saidIn } from './said.js';

/** Who a process is to the kernel: it finds the process again, and is not taken in when its pid is used by another. */
export interface Whereabouts {
  /** Boot and pid namespace: only processes with the same can look at each other. */
  readonly here: string;
  /** When the process started, in the kernel's ticks. */
  readonly start: string;
}

/** Of a worker: the kernel's id of its thread, and when that started. It may be killed while its process lives on. */
export interface ThreadWhereabouts {
  readonly thread?: number;
  readonly threadStart?: string;
}

/** Those of this thread; empty on the main thread, and where the kernel does not tell. */
export function threadWhereabouts(): ThreadWhereabouts {
  const thread = nativeId();
  if (isMainThread || thread === null) return {};
  try {
    return { thread, threadStart: startOf(`self/task/${thread}`) };
  } catch {
    return {};
  }
}

/** undefined where the kernel does not tell: elsewhere than on Linux, or where /proc is that of other processes. */
export function whereabouts(): Whereabouts | undefined {
  try {
    if (readlinkSync('/proc/self') !== `${process.pid}`) return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { here: boot + readlinkSync('/proc/self/ns/pid'), start: startOf(`${process.pid}`) };
  } catch {
    return undefined;
  }
}

/** When that process or thread started; '': it is dead, and not yet reaped. @throws what the kernel says when it does not tell */
function startOf(path: string): string {
  const stat = readFileSync(`/proc/${path}/stat`, 'utf8');
  // Behind the name, which may have any characters: the state, and 19 fields on the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '');
}

/**
 * Whether the process, or the worker in it, is gone for certain: what cannot be looked at, for want of file descriptors say, is
 * not.
 */
export function isGone({ pid, start, thread, threadStart }: Neighbour): boolean {
  try {
    if (startOf(`${pid}`) !== start) return true;
  } catch (error) {
    return isAbsence(error) && !answersTo(pid);
  }
  try {
    return thread !== undefined && startOf(`${pid}/task/${thread}`) !== threadStart;
  } catch (error) {
    return isAbsence(error);
  }
}

/** /proc may hide the processes of other users, but a signal tells of them. */
function answersTo(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !isAbsence(error);
  }
}

function isAbsence(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ESRCH';
}

/** A session of a process, or of a worker in one, that the kernel of this machine knows. */
export interface Neighbour extends ThreadWhereabouts {
  readonly session: string;
  readonly pid: number;
  readonly start: string;
}

/** How many are looked at, oldest first. */
const MOST = 64;

/**
 * Those of the members that run on this machine, but for this process; workers of this process are among them.
 *
 * @param members - as the engine lists them: session, end of its lease, when it joined, what it says of itself
 */
export function neighboursOf(members: readonly string[], me: Whereabouts): Neighbour[] {
  const found: (Neighbour & { readonly joined: number })[] = [];
  for (let at = 0; at + 3 < members.length; at += 4) {
    const [session = '', , joined, info = ''] = members.slice(at, at + 4);
    const { pid, here, start, thread, threadStart } = saidIn<Neighbour & Whereabouts>(info);
    if (here !== me.here || typeof pid !== 'number' || typeof start !== 'string') continue;
    const worker = typeof thread === 'number' && typeof threadStart === 'string' && { thread, threadStart };
    if (worker || pid !== process.pid) found.push({ session, pid, start, ...worker, joined: Number(joined) });
  }
  return found.sort((a, b) => a.joined - b.joined).slice(0, MOST);
}
