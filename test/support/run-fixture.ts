import { fileURLToPath } from 'node:url';
import { type NodeEnd, type RunOptions, runNode } from './run-node.js';

/** Flags of Node, and arguments of the program. */
type FixtureOptions = Pick<RunOptions, 'heard' | 'under'> & {
  flags?: readonly string[];
  args?: readonly string[];
};

/** Runs a program of test/fixtures in a process of its own, to its end. */
export function runFixture(path: string, options: FixtureOptions = {}): Promise<NodeEnd> {
  const { flags = [], args = [], ...run } = options;
  const program = fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));
  return runNode([...flags, program, ...args], run);
}
