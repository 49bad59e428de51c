import { describe, expect, it } from 'vitest';
import { lives } from '../redis/jobs.lives.js';
import { allMoments, cutLives, killedLives } from '../support/job-cuts.js';
import { onRedis } from '../support/on-redis.js';

const redis = onRedis();

describe(`a job has one end, and leaves nothing in the engine`, () => {
  const sides = lives.flatMap((life) => ['caller', 'server'].map((side) => [life, side] as const));

  it.each(sides)('one that %s, where the link of its %s breaks', async (life, side) => {
    const { wrong, moments } = await cutLives(redis.server, life, side, allMoments);
    expect(wrong).toEqual([]);
    expect(moments).toBeGreaterThan(0);
  });

  // Nobody cancels what a process had begun that was killed.
  it.each(sides.filter(([life]) => !/left|stream/.test(life)))(
    'one that %s, where its %s is killed',
    async (life, side) => {
      const { wrong } = await killedLives(redis.server, life, side, allMoments);
      expect(wrong).toEqual([]);
    },
  );
});
