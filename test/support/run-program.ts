import { spawn } from 'node:child_process';

export interface Ended {
  /** Exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly lines: string[];
  readonly errors: string;
}

/** Runs a built file in a Node of its own; nobody ends it but itself. */
export function runProgram(
  file: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const program = spawn(process.execPath, [file, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Kills what hangs, so that the test shows what it had printed.
      timeout: 50_000,
    });
    let output = '';
    let errors = '';
    program.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    program.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    program.on('error', reject);
    program.on('close', (code, signal) => {
      resolve({ code: code ?? signal ?? -1, lines: output.split('\n').slice(0, -1), errors });
    });
  });
}
