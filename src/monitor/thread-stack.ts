import type { Session } from 'node:inspector';
import nodeTimers from 'node:timers';
import { isMainThread, threadId } from 'node:worker_threads';
import { load } from '../primitives/memory/word.js';
import { isAlive } from '../primitives/threads/liveness.js';
import { MAIN_IDENT, slotOf, table, WORKER } from '../primitives/threads/table.js';
import { waits } from '../primitives/threads/wait-graph.js';
import { shortFile } from '../primitives/waiting/wait-site.js';
import type { Site } from './types.js';

// Taken as the library loads, because tests that mock time replace them later.
const { clearInterval, clearTimeout, setInterval, setTimeout } = nodeTimers;

/** ms in which a thread has to stop for the question: one in native code, or whose parent is blocked, does not. */
const PATIENCE = 2000;
/** ms between turns of this thread's loop meanwhile: the answer of a blocked main thread comes only to one that turns. */
const TURN = 20;

/**
 * The stack of a thread at this moment, innermost frame first: also of one that is blocked. Stops the thread for some ms,
 * through Node's inspector.
 *
 * @returns null when it has not answered in time, is no thread of this library any more, or a debugger is attached, whose breakpoints must not move
 */
export async function stackOf(ident: number): Promise<readonly Site[] | null> {
  // Its slot may be another's, or nobody's.
  if (!isAlive(ident)) return null;
  const worker = ident === MAIN_IDENT ? 0 : load(table, slotOf(ident) + WORKER);
  if (worker === threadId) return stackHere();
  const { Session, url } = await import('node:inspector');
  if (worker < 0 || url() !== undefined || (worker !== 0 && !mainPassesOn())) return null;
  const session = new Session();
  try {
    if (isMainThread) session.connect();
    else session.connectToMainThread();
    return await inTime(worker === 0 ? new Target(session).pausedStack() : stackOfWorker(session, worker));
  } catch {
    // A permission model or another session may forbid it.
    return null;
  } finally {
    // Goes on with whatever is still paused.
    session.disconnect();
  }
}

/** The inspector of main asks that of a worker from its event loop: asked while that is blocked, it never ends the session. */
function mainPassesOn(): boolean {
  return isMainThread || !waits().some(({ ident, blocking }) => ident === MAIN_IDENT && blocking);
}

async function inTime<T>(answer: Promise<T>): Promise<T | null> {
  const { promise: late, resolve } = withResolvers<null>();
  const turning = setInterval(() => {}, TURN);
  const limit = setTimeout(() => resolve(null), PATIENCE);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearInterval(turning);
    clearTimeout(limit);
  }
}

interface Attached {
  readonly params: { readonly sessionId: string; readonly workerInfo: { readonly workerId: string } };
}
interface Received {
  readonly params: { readonly sessionId: string; readonly message: string };
}

/** Main's inspector passes messages on to that of each worker. */
async function stackOfWorker(session: Session, worker: number): Promise<readonly Site[]> {
  const { promise, resolve } = withResolvers<string>();
  session.on('NodeWorker.attachedToWorker', ({ params }: Attached) => {
    if (params.workerInfo.workerId === `${worker}`) resolve(params.sessionId);
  });
  session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  const sessionId = await promise;
  const target = new Target({
    post: (method) =>
      session.post('NodeWorker.sendMessageToWorker', {
        sessionId,
        message: JSON.stringify({ id: 1, method }),
      }),
    on: (method, heard) =>
      session.on('NodeWorker.receivedMessageFromWorker', ({ params }: Received) => {
        const message = JSON.parse(params.message) as { readonly method?: string };
        if (params.sessionId === sessionId && message.method === method) heard(message as never);
      }),
  });
  return target.pausedStack();
}

interface Frame {
  readonly functionName: string;
  readonly url: string;
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber?: number;
  };
}

/** What a thread's inspector is asked. */
interface Inspected {
  post(method: string): void;
  on(method: 'Debugger.paused', heard: (message: Paused) => void): void;
  on(method: 'Debugger.scriptParsed', heard: (message: Parsed) => void): void;
}
interface Paused {
  readonly params: { readonly callFrames: readonly Frame[] };
}
interface Parsed {
  readonly params: { readonly scriptId: string; readonly url: string };
}

/** A thread that is paused for a moment. */
class Target {
  readonly #inspected: Inspected;
  readonly #urls = new Map<string, string>();

  constructor(inspected: Inspected) {
    this.#inspected = inspected;
  }

  pausedStack(): Promise<readonly Site[]> {
    return new Promise((resolve) => {
      this.#inspected.on('Debugger.scriptParsed', ({ params }) =>
        this.#urls.set(params.scriptId, params.url),
      );
      this.#inspected.on('Debugger.paused', ({ params }) => {
        this.#inspected.post('Debugger.resume');
        resolve(params.callFrames.map((frame) => this.#site(frame)));
      });
      this.#inspected.post('Debugger.enable');
      this.#inspected.post('Debugger.pause');
    });
  }

  #site({ functionName, url, location }: Frame): Site {
    return {
      function: functionName,
      file: shortFile(url || (this.#urls.get(location.scriptId) ?? '')),
      line: location.lineNumber + 1,
      column: (location.columnNumber ?? 0) + 1,
    };
  }
}

const FRAME = /^\s+at (?:(.*?) \()?(.*?):(\d+):(\d+)\)?$/;

/** Of the caller. */
function stackHere(): Site[] {
  const sites: Site[] = [];
  for (const line of (new Error('here').stack ?? '').split('\n').slice(2)) {
    const [, name = '', file, row, column] = FRAME.exec(line) ?? [];
    if (file !== undefined)
      sites.push({ function: name, file: shortFile(file), line: Number(row), column: Number(column) });
  }
  return sites;
}

function withResolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
