import { expect, it } from 'vitest';
import { runLong } from '../support/long/run-program.js';
import { tried } from '../support/long/tried.js';

it.for([
  ['ends by itself', 'killed-while-ending.js'],
  ['starts', 'killed-while-starting.js'],
] as const)('terminate ends the thread alone, at whatever moment it %s', async ([, program], context) => {
  const args = ['200'];
  const ends = await runLong<Record<string, number>>(`../threading/programs/${program}`, { args });
  expect(Object.values(ends).reduce((sum, times) => sum + times)).toBe(200);
  for (const [end, times] of Object.entries(ends)) tried(context, `that ended with ${end}`, times);
});
