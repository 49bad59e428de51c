import { describe, expect, it } from 'vitest';
import { cutLives, killedLives, someMoments } from '../support/job-cuts.js';
import { onRedis } from '../support/on-redis.js';
import { anySeed, random } from '../support/random.js';
import { lives } from './jobs.lives.js';

const redis = onRedis();

const seed = anySeed();
const next = random(seed);

/** Each moment in turn: test/long/job-cuts.test.ts. */
describe(`a job has one end, and leaves nothing in the engine, seed ${seed}`, () => {
  const sides = lives.flatMap((life) => ['caller', 'server'].map((side) => [life, side] as const));

  it.each(sides)('one that %s, where the link of its %s breaks', async (life, side) => {
    const { wrong, moments } = await cutLives(redis.server, life, side, someMoments(2, next));
    expect(wrong).toEqual([]);
    expect(moments).toBeGreaterThan(0);
  });

  // Nobody cancels what a process had begun that was killed.
  it.each(sides.filter(([life]) => !/left|stream/.test(life)))(
    'one that %s, where its %s is killed',
    async (life, side) => {
      const { wrong } = await killedLives(redis.server, life, side, someMoments(1, next));
      expect(wrong).toEqual([]);
    },
  );
});
