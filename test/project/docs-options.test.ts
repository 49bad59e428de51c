import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GIVEN_TO, optionsPage, readOptions } from '../../docs/site/options.js';

const INDEXES = [
  ['rxjs-threading', 'index.ts'],
  ['rxjs-threading/monitor', 'monitor/index.ts'],
  ['rxjs-threading/redis', 'redis/index.ts'],
] as const;
const entries = readOptions();
const all = [...entries].flatMap(([entry, types]) =>
  [...types].map(([type, options]) => ({ entry, type, options })),
);

describe('the page of all options', () => {
  it.each(INDEXES)(
    'has every exported type of options of %s, and says where each is given',
    (entry, index) => {
      const source = readFileSync(new URL(`../../src/${index}`, import.meta.url), 'utf8');
      const exported = [...new Set(source.match(/\b\w+Options\b/g))].toSorted();
      expect([...(entries.get(entry)?.keys() ?? [])].toSorted()).toEqual(exported);
      expect(Object.keys(GIVEN_TO[entry]).toSorted()).toEqual(exported);
    },
  );

  it('has options that a program gives to each kind of call', () => {
    const names = (type: string, entry = 'rxjs-threading') =>
      entries
        .get(entry)
        ?.get(type)
        ?.map(({ name }) => name);
    expect(names('AcquireOptions')?.toSorted()).toEqual(['blocking', 'signal', 'timeout']);
    expect(names('ThreadPoolOptions')).toContain('maxQueue');
    expect(names('RunInThreadOptions')).toEqual(
      expect.arrayContaining(['pool', 'signal', 'grace', 'timeout']),
    );
    expect(names('ServeOptions', 'rxjs-threading/monitor')).toEqual(
      expect.arrayContaining(['port', 'token', 'detail']),
    );
    expect(names('ServeOptions', 'rxjs-threading/redis')).toEqual(['module', 'pool', 'concurrency']);
  });

  it.each(all)('tells the type, the default and the meaning of all $type of $entry', ({ options }) => {
    expect(options).not.toEqual([]);
    for (const { name, type, default: without, text } of options) {
      expect(type, name).not.toBe('');
      expect(without, `${name}: its TSDoc says no default, nor does docs/site/options.js`).toMatch(/\S/);
      expect(text, `${name} has no TSDoc`).toMatch(/\S/);
    }
  });

  it('has a row for each', () => {
    const page = optionsPage();
    const ofEntry = (entry: string) => page.split(`\n## ${entry}\n`)[1]?.split('\n## ')[0] ?? '';
    for (const { entry, type, options } of all) {
      const section = ofEntry(entry).split(`### ${type}\n`)[1]?.split('\n### ')[0] ?? '';
      expect(section.match(/^\| `/gm), type).toHaveLength(options.length);
    }
  });
});
