// Makes the log of a web server. The same number of lines and seed make the same log.
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { OUTPUTS, REJECTED } from './outputs.js';

const SITES = OUTPUTS.filter((output) => output !== REJECTED);
const HOSTS = [...SITES, ...SITES, ...SITES, 'unknown.example'];
const PATHS = [
  '/',
  '/cart?item=7',
  '/search?q=caf%C3%A9',
  '/items/%E2%9C%93',
  '/v1/orders',
  '/guide/start',
  '/100%',
];
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example/)',
  'curl/8.5.0',
];
const BEGIN = Date.UTC(2025, 9, 10);

/** Under its own name only when it is whole. */
export async function generate(log: string, records: number, seed: number): Promise<void> {
  const unfinished = `${log}.unfinished`;
  // A generator is read as fast as the file takes it.
  await pipeline(chunks(records, seed), createWriteStream(unfinished, { flush: true }));
  await rename(unfinished, log);
}

function* chunks(records: number, seed: number): Generator<string> {
  const random = mulberry32(seed);
  let time = BEGIN;
  let chunk = '';
  for (let index = 0; index < records; index++) {
    time += Math.floor(random() * 2000);
    chunk += line(random, time);
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

function line(random: () => number, time: number): string {
  const below = (end: number): number => Math.floor(random() * end);
  const one = (of: readonly string[]): string | undefined => of[below(of.length)];
  const client = [198, 51 + below(100), below(256), below(256)].join('.');
  const [, day, month, year, clock] = new Date(time).toUTCString().split(' ');
  const status = [200, 200, 200, 304, 404, 500][below(6)];
  const whole =
    `${one(HOSTS)} ${client} - - [${day}/${month}/${year}:${clock} +0000] ` +
    `"GET ${one(PATHS)} HTTP/1.1" ${status} ${below(50_000)} "-" "${one(AGENTS)}"`;
  // As logs are.
  return below(200) === 0 ? `${whole.slice(0, below(whole.length))}\n` : `${whole}\n`;
}

/** Tommy Ettinger's generator of 32 bits of state. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
