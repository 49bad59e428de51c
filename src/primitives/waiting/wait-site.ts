import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { numberOf, stringOf } from '../threads/strings.js';
import { clock } from '../threads/table.js';
import { ALL, watches } from '../threads/trace-flag.js';

/** Of the waits that begin, so many a second are looked at: it takes tens of µs. */
const MOST_A_SECOND = 100;
/** Frames that are looked at, from the innermost. */
const FRAMES = 30;

let second = 0;
let left = MOST_A_SECOND;

/** A place in the code. */
export interface Site {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Where the caller's code is, as a number of strings.ts, which `siteOf` reads: the first frame that is none of this
 * library's, RxJS's or Node's. 0: nobody looks at all, it is not looked at this time, or there is none.
 */
export function siteHere(): number {
  if (!watches(ALL)) return 0;
  const now = Math.floor(clock() / 1000);
  if (now !== second) left = MOST_A_SECOND;
  second = now;
  if (left === 0) return 0;
  left--;
  const site = frames().find(isForeign);
  return site === undefined ? 0 : numberOf(describe(site));
}

function frames(): NodeJS.CallSite[] {
  // As by --frozen-intrinsics, or a library that locks a program down.
  if (Object.isFrozen(Error)) return [];
  const { prepareStackTrace, stackTraceLimit } = Error;
  let found: NodeJS.CallSite[] = [];
  Error.prepareStackTrace = (_, callSites) => {
    found = callSites;
  };
  Error.stackTraceLimit = FRAMES;
  const holder: { stack?: unknown } = {};
  try {
    Error.captureStackTrace(holder, siteHere);
    // Only now does V8 call prepareStackTrace.
    void holder.stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
  return found;
}

/** The folder of this library, as built or in its sources: as a URL and as a path, because CommonJS has paths. */
const HERE: readonly string[] = foldersOf(import.meta.url);

/** @param url - undefined in a bundle that is CommonJS */
function foldersOf(url: string | undefined): string[] {
  return url === undefined ? [] : [url, pathOf(url)].map(folderOf);
}

function folderOf(file: string): string {
  return /^(.*[\\/](?:dist|src)[\\/])/.exec(file)?.[1] ?? file;
}

function isForeign(site: NodeJS.CallSite): boolean {
  const file = site.getFileName() ?? '';
  if (file === '') return site.isEval();
  return (
    !file.startsWith('node:') &&
    !HERE.some((folder) => file.startsWith(folder)) &&
    !/[\\/]node_modules[\\/]rxjs[\\/]/.test(file)
  );
}

/** Of a longer path the end alone is kept, because strings.ts cuts at 250 bytes. */
const MOST_FILE = 160;

/** The name last, which a program may have made up, and which may be cut. */
function describe(site: NodeJS.CallSite): string {
  const path = shortFile(site.getFileName() ?? '');
  const file = path.length > MOST_FILE ? `…${path.slice(-MOST_FILE)}` : path;
  return `${site.getLineNumber() ?? 0}:${site.getColumnNumber() ?? 0} ${file}\n${site.getFunctionName() ?? ''}`;
}

const DESCRIBED = /^(\d+):(\d+) ([^\n]*)\n?(.*)$/s;

/** The place that a number of `siteHere` means; null: none. */
export function siteOf(number: number): Site | null {
  const [, line, column, file, name = ''] = DESCRIBED.exec(stringOf(number) ?? '') ?? [];
  return file === undefined ? null : { function: name, file, line: Number(line), column: Number(column) };
}

/** Shown of a function that travelled to its thread by its source: it stands in no script. */
const INLINE = '<inline>';

/**
 * A script as it is shown: a package's name and the path within, or else relative to the working directory, also where that
 * goes up, because an absolute path tells of the machine and differs from one to the next.
 *
 * @param script - a path or URL, as V8 names it; '': code that was compiled from a string
 */
export function shortFile(script: string): string {
  if (script === '') return INLINE;
  const path = pathOf(script);
  const [, inPackage] = /.*node_modules[\\/](.+)$/.exec(path) ?? [];
  if (inPackage !== undefined) return inPackage;
  return isAbsolute(path) ? relative(process.cwd(), path) : path;
}

/** A name that a program has made up for a script (`sourceURL`) may begin as a URL and be none: it stays as it is. */
function pathOf(script: string): string {
  if (!script.startsWith('file:')) return script;
  try {
    return fileURLToPath(script);
  } catch {
    return script;
  }
}
