import { showWord } from './memory-map.js';
import { type Operation, PARK_RESULTS } from './operation.js';
import type { Position } from './simulated-thread.js';
import type { State } from './state.js';
import type { Move, World } from './world.js';

/** One line a move: the thread, what it did to which word, and what that came to. */
export function showSchedule<S>(world: World<S>, moves: readonly Move[]): string {
  const lines: string[] = [];
  let state = world.initial;
  for (const move of moves) {
    const next = world.apply(state, move);
    lines.push(`  ${showMove(world, state, next, move)}`);
    state = next;
  }
  return lines.join('\n');
}

function showMove<S>(world: World<S>, state: State, next: State, move: Move): string {
  if (move.what === 'jump') return 'time passes';
  const who = `T${move.thread + 1}`;
  if (move.what === 'kill') return `${who} IS KILLED`;
  if (move.what === 'notice') return `${who}'s death can be seen`;
  if (move.what === 'cancel') return `${who} is cancelled`;
  const before = (state.standings[move.thread] as State['standings'][number]).position;
  const standing = next.standings[move.thread] as State['standings'][number];
  const { position: after } = standing;
  if ('event' in move) {
    const { event } = move;
    return `${who} loop: ${event.runs === 'whenever' ? event.label : event.runs}${showNotes(before, after)}`;
  }
  const { operation } = before;
  if (operation === null) return who;
  if (move.what !== 'step') return `${who} wakes by itself${showNotes(before, after)}`;
  const result = standing.is === 'parked' ? ' ... sleeps' : showResult(operation, world.result);
  return `${who} ${showOperation(world, operation)}${result}${showNotes(before, after)}`;
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
      return `${where} load`;
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
