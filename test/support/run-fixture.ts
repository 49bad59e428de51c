import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface FixtureEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program of test/fixtures in a process of its own, to its end.
 *
 * @param heard - called with all it has printed so far, and how to send it a signal
 */
export async function runFixture(
  path: string,
  heard: (stdout: string, send: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<FixtureEnd> {
  const program = spawn(process.execPath, [fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url))]);
  let stdout = '';
  let stderr = '';
  program.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    heard(stdout, (signal) => program.kill(signal));
  });
  program.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code, signal] = await once(program, 'close');
  return { code, signal, stdout, stderr };
}
