import { showWord } from './memory-map.js';
import {
  CANCEL,
  EVENT,
  eventOf,
  JUMP,
  KILL,
  LOOK_EVENT,
  NOTICE,
  SEE,
  STEP,
  threadOf,
  whatOf,
} from './move.js';
import { type Operation, PARK_RESULTS } from './operation.js';
import type { Position } from './position.js';
import { IS, PARKED } from './state.js';
import type { World } from './world.js';

/** One line a move: the thread, what it did to which word, and what that came to. */
export function showSchedule<S>(world: World<S>, moves: readonly number[]): string {
  world.reset();
  return moves.map((move) => `  ${showMove(world, move)}`).join('\n');
}

/** Makes the move, and tells of it. */
function showMove<S>(world: World<S>, move: number): string {
  const what = whatOf(move);
  const thread = threadOf(move);
  const before = world.position(thread);
  const operation = world.performer.operation(thread);
  const event = what === EVENT || what === LOOK_EVENT ? world.event(thread, eventOf(move)) : undefined;
  world.apply(move);
  const who = `T${thread + 1}`;
  if (what === JUMP) return 'time passes';
  if (what === KILL) return `${who} IS KILLED`;
  if (what === NOTICE) return `${who}'s death can be seen`;
  if (what === SEE) return `${who}'s plain loads see what the others have written`;
  if (what === CANCEL) return `${who} is cancelled`;
  const notes = showNotes(before, world.position(thread));
  if (event !== undefined)
    return `${who} loop: ${event.runs === 'whenever' ? event.label : event.runs}${notes}`;
  if (operation === null) return who;
  if (what !== STEP) return `${who} wakes by itself${notes}`;
  const sleeps = world.state.of(thread, IS) === PARKED && operation.does === 'park';
  const result = sleeps ? ' ... sleeps' : showResult(operation, world.performer.result);
  return `${who} ${showOperation(world, operation)}${result}${notes}`;
}
function showOperation<S>(world: World<S>, operation: Operation): string {
  if (operation.does === 'enter' || operation.does === 'exit') return operation.does;
  if (operation.does === 'lives') return `T${operation.thread + 1} alive?`;
  if (!('at' in operation)) return operation.does;
  const where = world.map.nameOf(operation.at);
  switch (operation.does) {
    case 'compareExchange':
      return `${where} compareExchange ${showWord(operation.expected)} -> ${showWord(operation.by)}`;
    case 'park':
    case 'parkAsync':
      return `${where} ${operation.does} while ${showWord(operation.expected)}`;
    case 'wake':
      return `${where} wake ${operation.count}`;
    case 'load':
    case 'peek':
      return `${where} ${operation.does}`;
    default:
      return `${where} ${operation.does} ${showWord(operation.by)}`;
  }
}

function showResult(operation: Operation, result: number): string {
  switch (operation.does) {
    case 'park':
      return ` = ${PARK_RESULTS[result]}`;
    case 'parkAsync':
      return result === 1 ? '' : ' = not equal';
    case 'lives':
      return result === 1 ? ' yes' : ' no';
    case 'compareExchange':
      return result === operation.expected ? '' : ` FAILS: ${showWord(result)}`;
    case 'store':
    case 'wake':
    case 'exit':
      return '';
    default:
      return ` = ${showWord(result)}`;
  }
}

function showNotes(before: Position, after: Position): string {
  const notes = after.notes.slice(before.notes.length);
  return notes.length === 0 ? '' : `   (${notes.join(', ')})`;
}
