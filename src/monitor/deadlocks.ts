import nodeTimers from 'node:timers';
import { Observable } from 'rxjs';
import { checkOptions, show } from '../primitives/options.js';
import { DistinctSubscribers } from '../primitives/waiting/audience.js';
import { type Look, look } from './deadlock-look.js';
import { askAll, askedAgo } from './loop-answers.js';
import { surroundings } from './surroundings.js';
import { stackOf } from './thread-stack.js';
import type { Deadlock, DeadlockOptions, Site } from './types.js';

// Taken as the library loads, because tests that mock time replace them later.
const { clearInterval, setInterval, setTimeout } = nodeTimers;

/** ms between two looks of one call. */
const STEP = 50;
/** Looks of one call at most: what is not sure by then is not told. */
const MOST_LOOKS = 12;
/** Looks in which the answers of the event loops have to come. */
const FOR_ANSWERS = 4;

/**
 * The deadlocks there are now. Cheap (tens of µs for dozens of threads), in any thread, also while main is blocked. Python
 * has no such thing.
 *
 * A cycle counts once each of its waits has lasted over two looks 100 ms apart, so a call that sees one for the first time takes
 * 100 ms to be sure, half a second where an event loop runs on in it. It returns what it is sure of.
 *
 * @throws TypeError for bad options, as the Promise's error
 * @example
 * const [ledger, vault] = [new RLock({ name: 'ledger' }), new RLock({ name: 'vault' })];
 * const met = new Barrier(2);
 * const both = (first: RLock, second: RLock, met: Barrier) => {
 *   first.acquireSync();
 *   met.waitSync();
 *   second.acquireSync();
 * };
 * new Thread({ target: both, args: [ledger, vault, met], daemon: true }).start();
 * new Thread({ target: both, args: [vault, ledger, met], daemon: true }).start();
 * const blocked = () => waits().filter(({ owner }) => owner !== null).length;
 * while (blocked() < 2) await new Promise((resolve) => setTimeout(resolve, 10));
 * for (const { certainty, cycle } of await deadlocks()) console.log(certainty, cycle.length); // prints certain 2
 * process.exit(); // nothing else ends it
 */
export async function deadlocks(options: DeadlockOptions = {}): Promise<readonly Deadlock[]> {
  const stacks = checkStacks(options);
  const found = await sureDeadlocks();
  return stacks === 'full' ? withStacks(found) : found;
}

/** @throws TypeError */
export function checkStacks(options: DeadlockOptions): 'site' | 'full' {
  checkOptions(options, ['stacks']);
  const { stacks = 'site' } = options;
  if (stacks !== 'site' && stacks !== 'full')
    throw new TypeError(`stacks must be 'site' or 'full', got ${show(stacks)}`);
  return stacks;
}

async function sureDeadlocks(): Promise<readonly Deadlock[]> {
  for (let looks = 1; ; looks++) {
    const { deadlocks: found, doubted, needsSections } = look(surroundings());
    const mayTell = needsSections && looks <= FOR_ANSWERS;
    if (looks === MOST_LOOKS || !(doubted || mayTell)) return found;
    if (needsSections) askAll();
    await new Promise<void>((resolve) => setTimeout(resolve, STEP));
  }
}

/** One thread after the other, because each is stopped for a moment. */
async function withStacks(found: readonly Deadlock[]): Promise<Deadlock[]> {
  const stacks = new Map<number, readonly Site[] | null>();
  for (const { cycle } of found)
    for (const { wait } of cycle)
      if (!stacks.has(wait.ident)) stacks.set(wait.ident, await stackOf(wait.ident));
  return found.map((deadlock) => ({
    ...deadlock,
    cycle: deadlock.cycle.map((edge) => ({ ...edge, stack: stacks.get(edge.wait.ident) ?? edge.stack })),
  }));
}

/** ms between two looks of `deadlocks$`, and between two questions to the event loops of others. */
const LOOK_EVERY = 200;
const ASK_EVERY = 500;

const subscribers = new DistinctSubscribers<readonly Deadlock[]>(isSame);
let looking: NodeJS.Timeout | undefined;

/**
 * The deadlocks, and every change: an empty array at once when there are none. Looks five times a second while somebody
 * subscribes and somebody waits. Never completes. Does not keep the process alive. Unsubscribing ends the looking. Python has
 * no such thing.
 *
 * @example
 * const watching = deadlocks$.subscribe((found) => console.log(found.length)); // prints 0
 * watching.unsubscribe();
 */
export const deadlocks$: Observable<readonly Deadlock[]> = new Observable((subscriber) => {
  subscribers.add(subscriber, lookAgain().deadlocks);
  looking ??= setInterval(() => subscribers.emit(lookAgain().deadlocks), LOOK_EVERY).unref();
  return () => {
    subscribers.delete(subscriber);
    if (subscribers.size > 0) return;
    clearInterval(looking);
    looking = undefined;
  };
});

function lookAgain(): Look {
  const looked = look(surroundings());
  if (looked.needsSections && askedAgo() >= ASK_EVERY) askAll();
  return looked;
}

/** What else changes of a deadlock while it lasts is who waits behind it. */
function isSame(a: readonly Deadlock[], b: readonly Deadlock[]): boolean {
  const key = ({ id, certainty, behind }: Deadlock): string => `${id} ${certainty} ${behind}`;
  return a.length === b.length && a.every((one, at) => key(one) === key(b[at] as Deadlock));
}
