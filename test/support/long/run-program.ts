import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program of test/fixtures/long to its end, however long that takes; what it prints is JSON. */
export async function runLong<T>(
  name: string,
  { args = [], env = {} }: { args?: readonly string[]; env?: Record<string, string> } = {},
): Promise<T> {
  const program = fileURLToPath(new URL(`../../fixtures/long/${name}`, import.meta.url));
  const { stdout } = await execute(process.execPath, ['--expose-gc', program, ...args], {
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout) as T;
}
