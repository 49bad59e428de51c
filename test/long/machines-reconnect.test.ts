import { it } from 'vitest';
import { tried } from '../support/long/tried.js';
import { redisServer } from '../support/redis-server.js';
import { sessionsComeBack } from '../support/sessions-come-back.js';

const COUNT = 50;

it('50 sessions whose links are cut at once come back, with three connections each', async (context) => {
  const server = await redisServer();
  await sessionsComeBack(server, COUNT, 60_000);
  tried(context, 'sessions cut at once', COUNT);
  await server.stop();
});
