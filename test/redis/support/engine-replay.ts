import { isDeepStrictEqual } from 'node:util';
import { Redis } from 'ioredis';
import type { Sent } from './virtual-sessions.js';

const PREFIX = '{model}:';

/** Each key's content; what is in an order as a list. */
const KEYS = `
local function pairsOf(list) local map = {} for i = 1, #list, 2 do map[list[i]] = list[i + 1] end return map end
local all = {}
for _, key in ipairs(redis.call('KEYS', KEYS[1] .. '*')) do
  local kind, name = redis.call('TYPE', key).ok, key:sub(#KEYS[1] + 1)
  if kind == 'hash' then all[name] = pairsOf(redis.call('HGETALL', key))
  elseif kind == 'set' then local list = redis.call('SMEMBERS', key) table.sort(list) all[name] = list
  elseif kind == 'zset' and (name == 'ses' or name == 'old') then all[name] = pairsOf(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES'))
  elseif kind == 'zset' then all[name] = redis.call('ZRANGE', key, 0, -1)
  else all[name] = redis.call('GET', key) end
end
if all.meta then all.meta.turn = nil end
return cjson.encode(all)`;

/** An engine that what the model has played is sent to. */
export interface Replay {
  /** What it does otherwise than the model; undefined: nothing. */
  differs(script: string, sent: readonly Sent[]): Promise<string | undefined>;
  close(): void;
}

export async function replayOn(port: number): Promise<Replay> {
  const redis = new Redis({ port });
  const ears = new Redis({ port });
  const heard: string[] = [];
  await ears.psubscribe(`${PREFIX}c:*`);
  ears.on('pmessage', (_pattern, channel: string, message: string) => {
    heard.push(`${channel.slice(PREFIX.length + 2)} ${message}`);
  });
  const keys = (await redis.script('LOAD', KEYS)) as string;
  const loaded = new Map<string, string>();

  async function differs(script: string, sent: readonly Sent[]): Promise<string | undefined> {
    let sha = loaded.get(script);
    if (sha === undefined) {
      // The engine's clock is a key, so that time goes as the model says.
      const timed = script.replace("call('TIME')", "{ 0, call('GET', 'clock') }");
      sha = (await redis.script('LOAD', timed)) as string;
      loaded.set(script, sha);
    }
    heard.length = 0;
    const pipeline = redis.pipeline().flushdb();
    for (const { at, args } of sent) {
      if (args === 'flush') pipeline.flushdb();
      pipeline.set('clock', at);
      if (args === 'flush') pipeline.ping();
      else pipeline.evalsha(sha, 1, PREFIX, ...args);
      pipeline.publish(`${PREFIX}c:-`, '-').evalsha(keys, 1, PREFIX);
    }
    const replies = (await pipeline.exec()) ?? [];
    await ears.ping();
    let next = 1;
    for (const { args, answer, messages, keys } of sent) {
      if (args === 'flush') next++;
      const [failed, answered] = replies[next + 1] ?? [];
      const found = replies[next + 3]?.[1];
      next += 4;
      const step = JSON.stringify(args);
      if (failed) return `${step} fails: ${failed.message}`;
      const told = heard.splice(0, heard.indexOf('- -') + 1).slice(0, -1);
      if (args !== 'flush' && !isDeepStrictEqual(answered, answer))
        return `${step} answers ${JSON.stringify(answered)}, the model ${JSON.stringify(answer)}`;
      if (!isDeepStrictEqual(told, messages))
        return `${step} tells ${JSON.stringify(told)}, the model ${JSON.stringify(messages)}`;
      const content = JSON.parse(found as string);
      if (!isDeepStrictEqual(content, keys))
        return `${step} leaves ${JSON.stringify(content)}, the model ${JSON.stringify(keys)}`;
    }
    return undefined;
  }

  return {
    differs,
    close() {
      redis.disconnect();
      ears.disconnect();
    },
  };
}
