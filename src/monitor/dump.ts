import { checkStacks, deadlocks } from './deadlocks.js';
import { inspect } from './inspect.js';
import { living } from './living.js';
import type { NamespaceInfo } from './namespace-info.js';
import { stackOf } from './thread-stack.js';
import type {
  DeadlockOptions,
  Finding,
  Inspection,
  InspectOptions,
  PoolInfo,
  PrimitiveInfo,
  Site,
  ThreadInfo,
  WaitInfo,
} from './types.js';
import { visible } from './visible.js';

/**
 * Text as `jcmd Thread.print` gives it: each thread with what it waits for and owns, then the pools,
 * then the machines, then each finding.
 *
 * @param options - `stacks: 'full'`: with the stack of each thread, which is stopped for some ms
 * @throws TypeError for bad options, as the Promise's error
 * @example
 * console.log((await threadDump()).includes('"MainThread" #4096 main')); // prints true
 */
export function threadDump(options: DeadlockOptions = {}): Promise<string> {
  return dumpOf(options, {});
}

/** The same of what a monitor looks at. */
export async function dumpOf(options: DeadlockOptions, looked: InspectOptions): Promise<string> {
  const stacks = checkStacks(options) === 'full' ? new Map<number, readonly Site[] | null>() : undefined;
  // Twice looked at, so that the moment that follows tells of them.
  await deadlocks();
  const now = inspect(looked);
  if (stacks !== undefined)
    for (const { ident, kind } of now.threads)
      if (kind !== 'foreign') stacks.set(ident, await stackOf(ident));
  return new Dump(now, stacks ?? new Map()).text();
}

class Dump {
  readonly #now: Inspection;
  readonly #stacks: ReadonlyMap<number, readonly Site[] | null>;
  readonly #threads: ReadonlyMap<number, ThreadInfo>;
  readonly #primitives: ReadonlyMap<number, PrimitiveInfo>;
  readonly #waits: ReadonlyMap<number, WaitInfo>;

  constructor(now: Inspection, stacks: ReadonlyMap<number, readonly Site[] | null>) {
    this.#now = now;
    this.#stacks = stacks;
    this.#threads = new Map(now.threads.map((thread) => [thread.ident, thread]));
    this.#primitives = new Map(now.primitives.map((primitive) => [primitive.id, primitive]));
    this.#waits = new Map(now.waits.map((wait) => [wait.id, wait]));
  }

  text(): string {
    const { time, process: program, threads, pools, namespaces, findings } = this.#now;
    const alive = living(threads);
    const ended = threads.length - alive;
    const head = [
      new Date(time).toISOString(),
      `Threads of ${visible(program.name)}, process ${program.pid}, Node ${program.node}: ${alive}${ended === 0 ? '' : `, and ${ended} that ended`}`,
    ];
    const blocks = [
      head,
      ...threads.map((thread) => this.#thread(thread)),
      pools.map(poolLine),
      ...namespaces.map((namespace) => this.#namespace(namespace)),
    ];
    const found = findings.map((finding) => this.#finding(finding));
    const end = found.length === 0 ? ['Found nothing wrong.'] : [`Found ${found.length}:`, ...found];
    return `${[...blocks, end]
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join('\n'))
      .join('\n\n')}\n`;
  }

  #thread(thread: ThreadInfo): string[] {
    const { ident, name, kind, daemon, pool, nativeId, activity, since, runs, startedBy } = thread;
    const words = [`"${visible(name)}" #${ident} ${kind}`];
    if (daemon) words.push('daemon');
    if (pool !== null) words.push(`of ${visible(pool)}`);
    if (nativeId !== null) words.push(`nid=${nativeId}`);
    words.push(`${activity} for ${this.#ago(since)}`);
    const lines = [words.join(' ')];
    if (runs !== null)
      lines.push(
        `   runs ${visible(runs)}${startedBy === null ? '' : `, started by ${this.#who(startedBy)}`}`,
      );
    for (const id of thread.waits) lines.push(...this.#wait(id));
    for (const id of thread.holds) lines.push(`   - owns ${this.#what(id)}`);
    for (const site of this.#stacks.get(ident) ?? []) lines.push(siteLine(site));
    return lines;
  }

  #wait(id: number): string[] {
    const wait = this.#waits.get(id);
    if (wait === undefined) return [];
    const { face, count, primitive, name, owner, since, until, site } = wait;
    const what = primitive === null ? `the end of "${visible(name)}"` : this.#what(primitive);
    const words = [`   - ${face === 'blocking' ? 'blocks' : 'waits'} for ${what} for ${this.#ago(since)}`];
    if (count > 1) words.push(`with ${count - 1} more behind`);
    if (until !== null) words.push(`until ${new Date(until).toISOString()}`);
    if (primitive !== null && owner !== null) words.push(`owned by ${this.#who(owner)}`);
    return [words.join(', '), ...(site === null ? [] : [siteLine(site)])];
  }

  #namespace({ namespace, machines, things, thingsLeftOut, seen }: NamespaceInfo): string[] {
    const lines = [`Machines of "${visible(namespace)}", seen ${this.#ago(seen)} ago: ${machines.length}`];
    for (const { session, name, host, pid, joined, own } of machines) {
      const where = `on ${visible(host)}, process ${pid}${own ? ', this one' : ''}`;
      lines.push(`   "${visible(name)}" ${where}, joined ${this.#ago(joined)} ago`);
      for (const { kind, name: thing, holders, waiters } of things) {
        const what = `${kind} "${visible(thing)}"`;
        for (const { token, since, count } of holders.filter((holder) => holder.session === session))
          lines.push(`   - holds ${what} for ${this.#ago(since)}, token ${token}${times(count)}`);
        for (const { since, count } of waiters.filter((waiter) => waiter.session === session))
          lines.push(`   - waits for ${what} for ${this.#ago(since)}${times(count)}`);
      }
    }
    return thingsLeftOut === 0 ? lines : [...lines, `   and ${thingsLeftOut} more that are held`];
  }

  #finding(finding: Finding): string {
    const behind = finding.kind === 'deadlock' && finding.behind.length > 0;
    const waiting = behind
      ? `\n   behind: ${finding.behind.map((ident) => this.#who(ident)).join(', ')}`
      : '';
    return ` * ${visible(finding.message)} (for ${this.#ago(finding.since)})${waiting}`;
  }

  #who(ident: number): string {
    const thread = this.#threads.get(ident);
    return thread === undefined ? `#${ident}` : `"${visible(thread.name)}" #${ident}`;
  }

  #what(id: number): string {
    const primitive = this.#primitives.get(id);
    return primitive === undefined ? `#${id}` : `${primitive.kind} "${visible(primitive.name)}" #${id}`;
  }

  #ago(since: number): string {
    return `${Math.max(0, (this.#now.time - since) / 1000).toFixed(1)} s`;
  }
}

function times(count: number): string {
  return count === 1 ? '' : `, ${count} times`;
}

function poolLine({
  name,
  threads,
  maxThreads,
  busy,
  queued,
  completed,
  failed,
  cancelled,
}: PoolInfo): string {
  const ended = `${completed} completed, ${failed} failed, ${cancelled} cancelled`;
  return `Pool "${visible(name)}": ${busy} busy of ${threads} workers, ${maxThreads} at most; ${queued} queued; ${ended}`;
}

function siteLine({ function: name, file, line, column }: Site): string {
  return `        at ${visible(name || '(anonymous)')} (${visible(file)}:${line}:${column})`;
}
