import { expect, it } from 'vitest';
import { playEveryOrder } from '../redis/support/lock-game.js';
import { tried } from '../support/long/tried.js';

it('every order of calls, answers, hints and cuts of two sessions that departs from the plain one three times', async (context) => {
  const games = await playEveryOrder(3, { ghosts: false, steps: 16, waits: 3 });
  expect(games).toBeGreaterThan(10_000);
  tried(context, 'orders of calls, answers, hints and cuts', games);
});
