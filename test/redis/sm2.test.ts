// The script against the engine in memory: random operations, repeats, ends, lapses, restarts and losses of memory of three
// sessions. Answers, messages and keys are the same after each; what the plain keys must fulfil is said once more apart.

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RedisServer, redisServer } from '../support/redis-server.js';
import { type Replay, replayOn } from './support/engine-replay.js';
import { scriptText } from './support/script-text.js';
import { faultOf, play, RARE, type Step, steps } from './support/virtual-sessions.js';

let server: RedisServer;
let replay: Replay;
beforeAll(async () => {
  server = await redisServer();
  replay = await replayOn(server.port);
});
afterAll(async () => {
  replay.close();
  await server.stop();
});

it('the script answers, tells and keeps what the engine in memory does', async () => {
  const script = scriptText();
  await fc.assert(
    fc.asyncProperty(steps(60), async (all) => {
      expect(await replay.differs(script, play(all))).toBe(undefined);
    }),
    { numRuns: 20000 },
  );
}, 560_000);

it('so it does where random operations seldom come to', async () => {
  for (const all of RARE) expect(await replay.differs(scriptText(), play(all))).toBe(undefined);
});

it('after each operation what has holders or waiters is in order', () => {
  for (const { keys, at, args } of RARE.flatMap((all) => play(all)))
    expect([args, faultOf(keys, at)]).toEqual([args, undefined]);
  fc.assert(
    fc.property(steps(60), (all) => {
      for (const { keys, at, args } of play(all))
        expect([args, faultOf(keys, at)]).toEqual([args, undefined]);
    }),
    { numRuns: 250 },
  );
}, 60_000);

it('an operation that arrives twice answers the same and changes nothing the second time, also a change that others have changed again', () => {
  const check = (all: readonly Step[]): void => {
    const sent = play(all);
    for (const [i, { args, repeats, answer, messages, keys }] of sent.entries()) {
      const before = sent[i - 1];
      if (repeats === undefined || before === undefined) continue;
      // A watcher may be told of the same once more.
      const told = messages.filter((message) => !/^\S+ w /.test(message));
      const same = args[0] === 'release' || isDeepStrictEqual(answer, repeats);
      expect([args, same, told, keys]).toEqual([args, true, [], before.keys]);
    }
  };
  for (const all of RARE) check(all);
  fc.assert(fc.property(steps(60), check), { numRuns: 250 });
}, 60_000);

it('tokens rise, and once all sessions are over nothing is left but what outlives them', () => {
  fc.assert(
    fc.property(steps(60), (all) => {
      const sent = play(all);
      const last = sent.at(-1)?.keys ?? {};
      expect(Object.keys(last).filter((key) => key !== 'meta')).toEqual([]);
      const kept = /^(run|protocol|seq|lease|[xb]:.*|g:e:e)$/;
      expect(Object.keys(last.meta ?? {}).filter((field) => !kept.test(field))).toEqual([]);
      let highest = 0;
      const seen = new Set<number>();
      const clockWentBack = sent.some(({ at }, i) => at < (sent[i - 1]?.at ?? 0));
      for (const { args, answer, messages } of sent) {
        // Where memory was lost and the clock went back, newer owners are refused by what has seen older tokens.
        if (args === 'flush' && clockWentBack) highest = 0;
        // What an owner brings back was minted by an engine of before.
        if (args[0] === 'hello' || args[0] === 'renew')
          for (let at = 10; at < args.length; at += 4) seen.add(Number(args[at]));
        // Whoever finds the grace over serves those that wait before it is served.
        const minted = messages.flatMap((message) => /^\S+ g \S+ (\d+)/.exec(message)?.[1] ?? []);
        if (args[0] === 'mint')
          for (let nth = 0; nth < Number(args[1]); nth++) minted.push(`${Number(answer[0]) + nth}`);
        if (args[0] === 'acquire' && answer[0] === '1') minted.push(answer[1] ?? '');
        for (const token of minted.map(Number)) {
          if (!seen.has(token)) expect(token).toBeGreaterThan(highest);
          seen.add(token);
          highest = Math.max(highest, token);
        }
      }
    }),
    { numRuns: 250 },
  );
}, 60_000);
