import { readFileSync, readlinkSync } from 'node:fs';

/** Who a process is to the kernel: it finds the process again, and is not taken in when its pid is used by another. */
export interface Whereabouts {
  /** Boot and pid namespace: only processes with the same can look at each other. */
  readonly here: string;
  /** When the process started, in the kernel's ticks. */
  readonly start: string;
}

/** undefined where the kernel does not tell: elsewhere than on Linux. */
export function whereabouts(): Whereabouts | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const start = startOf(process.pid);
    return start === undefined ? undefined : { here: boot + readlinkSync('/proc/self/ns/pid'), start };
  } catch {
    return undefined;
  }
}

/** When that process started; undefined: it is gone, or dead and not yet reaped. */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may have any characters: the state, and 19 fields on the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
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
