import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { note } from './harness.js';

/** Whether CPython can be asked; says so when not. */
export function hasPython() {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    note('python3 is not on the PATH: the rows against CPython are left out');
    return false;
  }
}

/** Runs one of the programs here; it prints the ms it took. */
export function runPython(program, ...args) {
  const file = fileURLToPath(new URL(program, import.meta.url));
  return Number(execFileSync('python3', [file, ...args.map(String)], { encoding: 'utf8' }));
}
