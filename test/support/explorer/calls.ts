import type { Frame } from './memory.js';
import { SCRIPT, type Sources } from './sources.js';

/** Where each call of the modules' code is and what its variables are; undefined when some of it is hidden. */
export function callsUnderWay(frames: readonly Frame[], sources: Sources): unknown[] | undefined {
  if (frames.length === 0) return [];
  let places = placesOnStack(frames.length * 2 + 16);
  if (places.length < frames.length) places = placesOnStack(DEEPEST);
  if (places.length !== frames.length) return undefined;
  const calls: unknown[] = [];
  for (const [index, { module, at }] of places.entries()) {
    const site = sources.get(module)?.sites.at(at);
    const frame = frames[frames.length - 1 - index];
    if (site?.clear !== true || frame === undefined) return undefined;
    const variables = site.blocks.map((block) => frame[block]?.());
    calls.push(module, at, variables);
    if (site.ending) calls.push(frame.r, frame.x);
  }
  return calls;
}

/** No stack is deeper. */
const DEEPEST = 200;

/** Where in the modules' code each call under way is, innermost first, as far as so many calls tell. */
function placesOnStack(depth: number): { module: string; at: number }[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const places: { module: string; at: number }[] = [];
  try {
    Error.stackTraceLimit = depth;
    Error.prepareStackTrace = (_, sites) => {
      for (const site of sites) {
        const file = site.getFileName();
        if (file?.startsWith(SCRIPT))
          places.push({ module: file.slice(SCRIPT.length), at: site.getPosition() });
      }
      return '';
    };
    const holder: { stack?: string } = {};
    Error.captureStackTrace(holder);
    void holder.stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace as typeof Error.prepareStackTrace;
  }
  return places;
}
