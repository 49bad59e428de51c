import { readFileSync } from 'node:fs';

const folder = new URL('../../../src/redis/script/', import.meta.url);

/** The script, as the build joins it: in the order of script.ts. */
export function scriptText(): string {
  const list = /= \[([^\]]*)\]\.join/.exec(readFileSync(new URL('script.ts', folder), 'utf8'))?.[1];
  if (list === undefined) throw new Error('script.ts has no list of parts');
  const parts = [...list.matchAll(/\w+/g)].map(([name]) => name);
  return parts.map((name) => readFileSync(new URL(`${name}.lua`, folder), 'utf8')).join('\n');
}
