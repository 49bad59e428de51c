import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-program.js';

const text = readFileSync(new URL('../../docs/operators.md', import.meta.url), 'utf8');
const examples = [...text.matchAll(/```js\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
  ([, code = '', printed = '']) => ({
    code,
    printed,
  }),
);

describe('the examples of docs/operators.md', () => {
  it('are all followed by what they print', () => {
    expect(examples).toHaveLength(text.split('```js\n').length - 1);
  });

  it.each(examples)('$code', async ({ code, printed }) => {
    const { lines, errors, code: exitCode } = await runProgram('--input-type=module', ['-e', code]);
    expect(errors).toBe('');
    expect(`${lines.join('\n')}\n`).toBe(printed);
    expect(exitCode).toBe(0);
  });
});

describe('the example of a Semaphore that bounds what is on its way', () => {
  it('ends its process after an error, too', async () => {
    const { code = '' } = examples.find((example) => example.code.includes('new Semaphore(100)')) ?? {};
    const failing = code
      .replace('(n) => n * n', "(n) => { if (n === 4) throw new Error('at 4'); return n * n; }")
      .replace(
        '.subscribe(console.log)',
        '.subscribe({ next: console.log, error: ({ message }) => console.log(message) })',
      );
    const { lines, errors, code: exitCode } = await runProgram('--input-type=module', ['-e', failing]);
    expect(lines.at(-1)).toBe('at 4');
    expect(errors).toBe('');
    expect(exitCode).toBe(0);
  });
});

describe('docs/operators.md', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const operators = [...read('../../src/index.ts').matchAll(/(\w+) } from '.\/operators\/(?!parts)/g)].map(
    ([, name]) => name as string,
  );
  const sections = new Map(
    text
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')), section]),
  );

  it.each(operators)('has a diagram and an example of %s, and says when to use it', (name) => {
    const section = sections.get(name);
    expect(section).toMatch(/^!\[\w+\]\(marbles\/[\w-]+\.svg\)$/m);
    expect(section).toMatch(new RegExp(`import .*\\b${name}\\b.* from 'rxjs-threading'`));
    expect(text).toMatch(new RegExp(`^\\|.*\\| \`${name}\\(`, 'm'));
  });

  it('shows every diagram that there is', () => {
    const shown = [...text.matchAll(/\(marbles\/([\w-]+\.svg)\)/g)].map(([, file]) => file);
    const drawn = readdirSync(new URL('../../docs/marbles/', import.meta.url));
    expect(shown.toSorted()).toEqual(drawn.toSorted());
  });
});
