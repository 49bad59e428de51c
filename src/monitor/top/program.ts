import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FD_VARIABLE } from '../register-variables.js';

/** A program that `top -- node app.js` has started. */
export interface Program {
  readonly child: ChildProcess;
  /** Where its monitor is. Rejects when it ends before it has said so. */
  readonly url: Promise<string>;
  /** Its exit code; of a signal, as a shell has it. */
  readonly ended: Promise<number>;
}

/** The descriptor on which the program tells where its monitor is. */
const TELLS_ON = 3;

/**
 * Starts it with the monitor preloaded.
 *
 * @param output - 'inherit': what it prints goes to stderr; 'pipe': to who reads `child`
 * @throws RangeError unless it is Node that is started
 */
export function startProgram(command: readonly string[], output: 'inherit' | 'pipe'): Program {
  const [node = '', ...args] = command;
  if (!/^node(\.exe)?$/.test(basename(node)))
    throw new RangeError(
      `top starts node, got '${node}': for other commands set NODE_OPTIONS='--import rxjs-threading/monitor/register', ` +
        'and then top to the address that they print',
    );
  const child = spawn(node, ['--import', register(), ...args], {
    stdio: [
      output === 'pipe' ? 'ignore' : 'inherit',
      output === 'pipe' ? 'pipe' : 2,
      output === 'pipe' ? 'pipe' : 2,
      'pipe',
    ],
    env: { ...process.env, [FD_VARIABLE]: String(TELLS_ON) },
  });
  const ended = (async () => {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  })();
  const url = told(child.stdio[TELLS_ON] as Readable, ended);
  // Whoever awaits them hears of it; nobody may before one has.
  url.catch(() => {});
  ended.catch(() => {});
  return { child, url, ended };
}

async function told(from: Readable, ended: Promise<number>): Promise<string> {
  const line = once(from.setEncoding('utf8'), 'data').then(([text]) => String(text).trim());
  const code = ended.then((one) => {
    throw new Error(`the program has ended with code ${one} before its monitor began`);
  });
  return Promise.race([line, code]);
}

/** Of the package that the program itself uses, if it can be found from here; else of this one. */
function register(): string {
  try {
    const here = createRequire(join(process.cwd(), 'top.js'));
    return pathToFileURL(here.resolve('rxjs-threading/monitor/register')).href;
  } catch {
    return pathToFileURL(join(fileURLToPath(import.meta.url), '../register.js')).href;
  }
}
