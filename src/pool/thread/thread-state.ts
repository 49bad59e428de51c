import { DUMMY, MAIN_IDENT } from '../../primitives/threads/table.js';
import { flagsOf } from '../../primitives/threads/thread-slots.js';

export type ThreadState = 'initial' | 'queued' | 'running' | 'stopped';

/** As CPython's Thread.__repr__. */
export function describeThread(
  className: string,
  name: string,
  state: ThreadState,
  daemon: boolean,
  ident: number,
): string {
  const words = [state === 'initial' || state === 'stopped' ? state : 'started'];
  if (daemon) words.push('daemon');
  if (ident !== 0) words.push(String(ident));
  return `<${kindOf(className, ident)}(${name}, ${words.join(' ')})>`;
}

function kindOf(className: string, ident: number): string {
  if (ident === MAIN_IDENT) return '_MainThread';
  return ident !== 0 && (flagsOf(ident) & DUMMY) !== 0 ? '_DummyThread' : className;
}
