import { living } from '../living.js';
import type { Inspection } from '../types.js';
import { visible } from '../visible.js';
import { clockTime, count, plural } from './words.js';

/** A moment in one line, for a pipe or a file. */
export function summary(now: Inspection): string {
  const { threads, waits, pools, namespaces, findings } = now;
  const many = (activity: string): number => threads.filter((one) => one.activity === activity).length;
  const pending = waits.reduce((sum, one) => sum + one.count, 0);
  const states = ['running', 'waiting', 'sleeping', 'idle', 'queued', 'dead']
    .map((activity) => [activity, many(activity)] as const)
    .filter(([, some]) => some > 0)
    .map(([activity, some]) => `${some} ${activity}`);
  const parts = [
    `${plural(living(threads), 'thread', 'threads')}: ${states.join(' ')}`,
    plural(pending, 'wait', 'waits'),
    ...pools.map(({ name, busy, threads: workers, queued }) => {
      return `${visible(name)} ${busy}/${workers} busy ${count(queued)} queued`;
    }),
    ...namespaces.map(({ namespace, machines }) => {
      return `${visible(namespace)} ${plural(machines.length, 'machine', 'machines')}`;
    }),
    ...findings.map(({ message }) => `! ${visible(message)}`),
  ];
  return `${clockTime(now.time)}  ${parts.join(' · ')}`;
}
