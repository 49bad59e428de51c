import { readFileSync } from 'node:fs';
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
