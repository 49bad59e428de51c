import barrier from './barrier.lua';
import calls from './calls.lua';
import condition from './condition.lua';
import event from './event.lua';
import held from './held.lua';
import jobAdd from './job-add.lua';
import jobMove from './job-move.lua';
import jobUnschedule from './job-unschedule.lua';
import leave from './leave.lua';
import names from './names.lua';
import queue from './queue.lua';
import session from './session.lua';
import snapshot from './snapshot.lua';
import sweep from './sweep.lua';
import token from './token.lua';

/**
 * What the engine runs, joined in the order in which the parts name each other. names.lua tells keys, answers and messages. Each
 * part ends with its operations, so that those of later parts cost nothing: what is asked for most comes first.
 */
export const script: string = [
  token,
  names,
  queue,
  held,
  event,
  barrier,
  condition,
  leave,
  sweep,
  session,
  snapshot,
].join('\n');

/** Calls of a script of BullMQ that hands out a job, and what is done in the same call: see calls.lua, job-move.lua. */
export function withJobMove(move: string): string {
  return [token, together(around(move), jobMove), calls].join('\n');
}

/** Calls of a script of BullMQ that adds a job, which may be a timer's: see calls.lua, job-add.lua. */
export function withJobAdd(add: string): string {
  return [together(around(add), jobAdd), calls].join('\n');
}

/** A script of BullMQ that ends a schedule, and may be sent again: see job-unschedule.lua. */
export function withJobUnschedule(remove: string): string {
  return [around(remove), jobUnschedule].join('\n');
}

function together(...parts: readonly string[]): string {
  return `local function one(KEYS, ARGV, own)\n${parts.join('\n')}\nend`;
}

function around(move: string): string {
  return `local function move()\n${move}\nend`;
}
