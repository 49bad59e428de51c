import type { Delta, MonitorMessage } from './protocol.js';
import type { Inspection } from './types.js';

/** The moment after a message of `GET events`, for who reads them; undefined until a snapshot has come. */
export function applyMessage(now: Inspection | undefined, message: MonitorMessage): Inspection | undefined {
  if (message.kind === 'snapshot') return message.now;
  if (message.kind !== 'delta' || now === undefined) return now;
  const { kind: _, threads, primitives, pools, waits, namespaces, ...rest } = message;
  return {
    ...now,
    ...rest,
    threads: applied(now.threads, threads, 'ident'),
    primitives: applied(now.primitives, primitives, 'id'),
    pools: applied(now.pools, pools, 'id'),
    waits: applied(now.waits, waits, 'id'),
    namespaces: applied(now.namespaces, namespaces, 'session'),
  };
}

function applied<T, K extends keyof T>(rows: readonly T[], { set, gone }: Delta<T, K>, key: K): readonly T[] {
  if (set.length + gone.length === 0) return rows;
  const here = new Map<unknown, T>(rows.map((row) => [row[key], row]));
  for (const one of gone) here.delete(one);
  for (const row of set) here.set(row[key], { ...here.get(row[key]), ...row } as T);
  return [...here.values()];
}
