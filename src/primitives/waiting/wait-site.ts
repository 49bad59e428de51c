import { numberOf } from '../threads/strings.js';
import { clock } from '../threads/table.js';

/** Of the waits that begin, so many a second are looked at: it takes tens of µs. */
const MOST_A_SECOND = 100;
/** Frames that are looked at, from the innermost. */
const FRAMES = 30;

let second = 0;
let left = MOST_A_SECOND;

/**
 * Where the caller's code is, as a number of strings.ts: the first frame that is none of this library's, RxJS's or Node's,
 * as `name file:line:column`. 0: not this time, or there is none.
 */
export function siteHere(): number {
  const now = Math.floor(clock() / 1000);
  if (now !== second) left = MOST_A_SECOND;
  second = now;
  if (left === 0) return 0;
  left--;
  const site = frames().find(isForeign);
  return site === undefined ? 0 : numberOf(describe(site));
}

function frames(): NodeJS.CallSite[] {
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

/** The folder of this library, as built or in its sources. */
const HERE = folderOf(import.meta.url);

function folderOf(file: string): string {
  return /^(.*\/(?:dist|src)\/)/.exec(file)?.[1] ?? file;
}

function isForeign(site: NodeJS.CallSite): boolean {
  const file = fileOf(site);
  return (
    file !== '' &&
    !file.startsWith('node:') &&
    !file.startsWith(HERE) &&
    !/[\\/]node_modules[\\/]rxjs[\\/]/.test(file)
  );
}

function fileOf(site: NodeJS.CallSite): string {
  const file = site.getFileName() ?? '';
  return file.startsWith('/') ? `file://${file}` : file;
}

function describe(site: NodeJS.CallSite): string {
  const name = site.getFunctionName() ?? '';
  return `${name} ${fileOf(site)}:${site.getLineNumber() ?? 0}:${site.getColumnNumber() ?? 0}`;
}
