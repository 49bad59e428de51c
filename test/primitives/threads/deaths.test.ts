import { expect, it } from 'vitest';
import { runNode } from '../../support/run-node.js';

const fixture = (path: string): string => new URL(`../../fixtures/${path}`, import.meta.url).pathname;
const died = (face: string, kind: string, end: string): string[] => [
  `${face}, the owner of a ${kind} by ${end}: ERR_OWNER_DIED`,
  `${face}, afterwards: true`,
];
const heard = [
  ...['terminate', 'exit', 'throw'].flatMap((end) => died('blocked', 'Lock', end)),
  ...died('blocked', 'RLock', 'terminate'),
  ...died('awaited', 'Lock', 'exit'),
  ...died('awaited', 'RLock', 'terminate'),
  ...died('blocked', 'Lock', 'memory'),
  ...['terminate', 'exit'].map((end) => `joinSync by ${end}: true`),
  ...['terminate', 'exit', 'throw'].map(
    (end) => `joinSync of a queued thread whose starter ends by ${end}: true`,
  ),
];

it.each([
  ['and the kernel', [], 'known'],
  ['and without /proc', ['--require', fixture('no-proc.cjs')], 'none'],
])('every death is heard of, with the event loop %s', { timeout: 120_000 }, async (_, flags, ids) => {
  const { stdout, code } = await runNode([
    '--max-old-space-size=60',
    ...flags,
    fixture('threading/programs/deaths.js'),
  ]);
  expect(stdout.trim().split('\n')).toEqual([
    ...heard,
    `kernel's ids in a worker: ${ids},${ids}`,
    'alive: 1, in main: true',
  ]);
  expect(code).toBe(0);
});

it.each([
  ['with the kernel', []],
  ['without /proc', ['--require', fixture('no-proc.cjs')]],
])('the death of a worker’s worker is heard of by a main that blocks, %s', async (_, flags) => {
  const { stdout, code } = await runNode([...flags, fixture('threading/programs/nested-deaths.js')]);
  expect(stdout.trim().split('\n')).toEqual([
    'killed by its starter, which blocks then: ERR_OWNER_DIED',
    'killed with its starter: ERR_OWNER_DIED',
  ]);
  expect(code).toBe(0);
});
