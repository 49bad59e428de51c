import { readFileSync, readlinkSync } from 'node:fs';

/** Who a process is to the kernel: it finds the process again, and is not taken in when its pid is used by another. */
export interface Whereabouts {
  /** Boot and pid namespace: only processes with the same can look at each other. */
  readonly here: string;
  /** When the process started, in the kernel's ticks. */
  readonly start: string;
}

/** undefined where the kernel does not tell: elsewhere than on Linux, or where /proc is that of other processes. */
export function whereabouts(): Whereabouts | undefined {
  try {
    if (readlinkSync('/proc/self') !== `${process.pid}`) return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { here: boot + readlinkSync('/proc/self/ns/pid'), start: startOf(process.pid) };
  } catch {
    return undefined;
  }
}

/** When that process started; '': it is dead, and not yet reaped. @throws what the kernel says when it does not tell */
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may have any characters: the state, and 19 fields on the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '');
}

/** Whether the process is gone for certain: one that cannot be looked at, for want of file descriptors say, is not. */
export function isGone({ pid, start }: Neighbour): boolean {
  try {
    return startOf(pid) !== start;
  } catch (error) {
    return isAbsence(error) && !answersTo(pid);
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

/** A session of a process that the kernel of this machine knows. */
export interface Neighbour {
  readonly session: string;
  readonly pid: number;
  readonly start: string;
}

/** How many are looked at, oldest first. */
const MOST = 64;

/**
 * Those of the members that run on this machine, but for this process.
 *
 * @param members - as the engine lists them: session, end of its lease, when it joined, what it says of itself
 */
export function neighboursOf(members: readonly string[], me: Whereabouts): Neighbour[] {
  const found: (Neighbour & { readonly joined: number })[] = [];
  for (let at = 0; at + 3 < members.length; at += 4) {
    const [session = '', , joined, info = ''] = members.slice(at, at + 4);
    const { pid, here, start } = parsed(info);
    if (here === me.here && typeof pid === 'number' && typeof start === 'string' && pid !== process.pid)
      found.push({ session, pid, start, joined: Number(joined) });
  }
  return found.sort((a, b) => a.joined - b.joined).slice(0, MOST);
}

function parsed(info: string): { pid?: unknown; here?: unknown; start?: unknown } {
  try {
    return JSON.parse(info) ?? {};
  } catch {
    // Of a program that is not ours: nobody to look at.
    return {};
  }
}
