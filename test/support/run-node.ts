import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { endWithTest } from './children.js';

export interface NodeEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  /** The command, with its arguments, that runs Node: such as one that limits it. */
  readonly under?: readonly string[];
  /** Called with all it has printed so far, and how to send it a signal. */
  readonly heard?: (stdout: string, send: (signal: NodeJS.Signals) => void) => void;
}

/** Runs a Node of its own; nobody ends it but itself, or 50 s: then the test shows what it had printed. */
export async function runNode(
  args: readonly string[],
  { env, under = [], heard }: RunOptions = {},
): Promise<NodeEnd> {
  const [command = process.execPath, ...rest] = [...under, process.execPath, ...args];
  const program = endWithTest(
    spawn(command, rest, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 50_000,
    }),
  );
  let stdout = '';
  let stderr = '';
  program.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    heard?.(stdout, (signal) => program.kill(signal));
  });
  program.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code, signal] = await once(program, 'close');
  return { code, signal, stdout, stderr };
}
