/**
 * How a process tells its monitor's thread that it ends: one word that both have.
 *
 *   ALIVE -the process, in its `exit` handler-> ENDING and its exit code above; -the monitor, its readers told-> TOLD
 *
 * The process sleeps on the word meanwhile, 100 ms at most: nothing turns its event loop any more.
 */
export const LIFE = 0;
export const ALIVE = 0;
export const TOLD = 1;
const ENDING = 2;

export function endingWith(code: number): number {
  return (code << 2) | ENDING;
}

export function codeIn(word: number): number {
  return word >> 2;
}
