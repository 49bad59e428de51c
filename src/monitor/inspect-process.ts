import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ProcessInfo } from './types.js';

/** Bytes that memory is rounded to: all else would change with every look. */
const GRAIN = 65_536;

/** What the process is called, and when it began: not known in a worker. */
export type Program = Pick<ProcessInfo, 'name' | 'started'>;

let name: string | undefined;
/** In ms since the epoch. */
export let processStarted: number = Math.round(Date.now() - process.uptime() * 1000);

/** Called in a monitor's own thread with what the one that started it knows. */
export function tellProgram(program: Program): void {
  name = program.name;
  processStarted = program.started;
}

export function processInfo(): ProcessInfo {
  name ??= nameOfProgram(process.argv[1]);
  return {
    pid: process.pid,
    name,
    node: process.version,
    started: processStarted,
    memory: Math.round(process.memoryUsage.rss() / GRAIN) * GRAIN,
  };
}

/** Of the package.json nearest to the main module, else the main module's file name. */
function nameOfProgram(main: string | undefined): string {
  if (main === undefined) return 'node';
  for (let folder = dirname(main); ; folder = dirname(folder)) {
    const found = nameInPackage(join(folder, 'package.json'));
    if (found !== undefined) return found;
    if (folder === dirname(folder)) return basename(main);
  }
}

/** undefined: there is none, or it cannot be read. */
function nameInPackage(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const { name: found } = JSON.parse(text) as { readonly name?: unknown };
    return typeof found === 'string' && found !== '' ? found : undefined;
  } catch {
    return undefined;
  }
}
