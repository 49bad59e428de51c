import { fileURLToPath } from 'node:url';
import { type NodeEnd, type RunOptions, runNode } from './run-node.js';

/** Runs a program of test/fixtures in a process of its own, to its end. */
export function runFixture(path: string, heard?: RunOptions['heard']): Promise<NodeEnd> {
  const program = fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));
  return runNode([program], heard === undefined ? {} : { heard });
}
