import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GIVEN_TO, optionsPage, readOptions } from '../../docs/site/options.js';

const exported = readFileSync(new URL('../../src/index.ts', import.meta.url), 'utf8').match(
  /\b\w+Options\b/g,
);
const options = readOptions();

describe('the page of all options', () => {
  it('has every exported type of options, and says where each is given', () => {
    expect([...options.keys()].toSorted()).toEqual([...new Set(exported)].toSorted());
    expect(Object.keys(GIVEN_TO).toSorted()).toEqual([...options.keys()].toSorted());
  });

  it('has options that a program gives to each kind of call', () => {
    const names = (type: string) => options.get(type)?.map(({ name }) => name);
    expect(names('AcquireOptions')?.toSorted()).toEqual(['blocking', 'signal', 'timeout']);
    expect(names('ThreadPoolOptions')).toContain('maxQueue');
    expect(names('RunInThreadOptions')).toEqual(
      expect.arrayContaining(['pool', 'signal', 'grace', 'timeout']),
    );
  });

  it.each([...options])('tells the type, the default and the meaning of all %s', (_type, all) => {
    expect(all).not.toEqual([]);
    for (const { name, type, default: without, text } of all) {
      expect(type, name).not.toBe('');
      expect(without, `${name}: its TSDoc says no default, nor does docs/site/options.js`).toMatch(/\S/);
      expect(text, `${name} has no TSDoc`).toMatch(/\S/);
    }
  });

  it('has a row for each', () => {
    const page = optionsPage();
    for (const [type, all] of options) {
      const section = page.slice(page.indexOf(`## ${type}\n`)).split('\n## ')[0] ?? '';
      expect(section.match(/^\| `/gm), type).toHaveLength(all.length);
    }
  });
});
