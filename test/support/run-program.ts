import { runNode } from './run-node.js';

export interface Ended {
  /** Exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly lines: string[];
  readonly errors: string;
}

/** Runs a built file in a process of its own, to its end. */
export async function runProgram(
  file: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Ended> {
  const { code, signal, stdout, stderr } = await runNode([file, ...args], { env });
  return { code: code ?? signal ?? -1, lines: stdout.split('\n').slice(0, -1), errors: stderr };
}
