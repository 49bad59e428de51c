// Whether the model would notice: each removal from the engine's keys, and each look at whether a session lives, is taken out
// of the script in turn. Random runs that tell the mutant from the model are found for each.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RedisServer, redisServer } from '../support/redis-server.js';
import { type Replay, replayOn } from './support/engine-replay.js';
import { scriptText } from './support/script-text.js';
import { play, RARE, type Sent, steps } from './support/virtual-sessions.js';

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

/** What stands there instead, in one line, so that lines keep their numbers. A loop that it makes endless is a fault as well. */
const LEFT_OUT =
  'local left = 0 local function left_out() left = left + 1 if left > 999 then error("endless") end return 1 end ' +
  'local function lives() return true end ';
const MUTATIONS: readonly [of: RegExp, instead: string][] = [
  [/call\((?='(HDEL|ZREM|DEL|SADD|HSETNX)')/g, 'left_out('],
  [/(?<!function )\balive\(/g, 'lives('],
];

function mutants(script: string): [name: string, mutant: string][] {
  const lines = script.split('\n');
  return MUTATIONS.flatMap(([of, instead]) =>
    [...script.matchAll(of)].map(({ 0: found, index }): [string, string] => {
      const line = script.slice(0, index).split('\n').length;
      const mutant = LEFT_OUT + script.slice(0, index) + instead + script.slice(index + found.length);
      return [`${line}: ${lines[line - 1]?.trim()}`, mutant];
    }),
  );
}

async function isNoticed(mutant: string, runs: readonly (readonly Sent[])[]): Promise<boolean> {
  for (const sent of runs) if ((await replay.differs(mutant, sent)) !== undefined) return true;
  return false;
}

it('no removal and no look at a session can be left out unnoticed', async () => {
  const runs = [...RARE, ...fc.sample(steps(60), { numRuns: 300, seed: 7 })].map(play);
  const unnoticed: string[] = [];
  const all = mutants(scriptText());
  for (const [name, mutant] of all) {
    if (!(await isNoticed(mutant, runs))) unnoticed.push(name);
  }
  expect(all.length).toBeGreaterThan(40);
  expect(unnoticed).toEqual([]);
}, 300_000);
