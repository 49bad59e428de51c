import { TRACE } from '../../../src/primitives/threads/table.js';
import { TRACING } from '../../../src/primitives/threads/trace-flag.js';
import { claimed, type Shared } from './life-cycle.js';
import type { End, Program } from './scenario.js';

/** Traces until its end. */
export const tracer: Program<Shared> = (_, me, modules) => {
  const { markRunning, markStopped, setIdent, setTraces } = modules;
  const ident = claimed(modules, me);
  if (ident === 0) return;
  setIdent(ident);
  markRunning(ident);
  setTraces(ident, TRACING);
  if (!modules.someoneTraces()) me.fail('does not see that it traces');
  setIdent(0);
  markStopped(ident);
};

/** Main traces for a while. */
export const mainTracer: Program<Shared> = (_, me, { MAIN_IDENT, setTraces, someoneTraces }) => {
  setTraces(MAIN_IDENT, TRACING);
  if (!someoneTraces()) me.fail('does not see that it traces');
  setTraces(MAIN_IDENT, 0);
};

/** Only looks whether anybody traces; hears of the end of that worker. */
export function looker(worker: number): Program<Shared> {
  return (_, me, { someoneTraces }) => {
    me.starts(worker);
    me.note(`${someoneTraces()}`);
  };
}

/** It is not said that somebody traces when nobody does. */
export function nobodyTraces({ word }: End, { table }: Shared): string | undefined {
  return (word(table, TRACE) & 1) === 0 ? undefined : 'somebody is said to trace';
}
