import { expect, it } from 'vitest';
import { runFixture } from '../../support/run-fixture.js';

// Node up to 26 ends by a segmentation fault where one is cloned.
it('a MessagePort that is closed is refused wherever it is sent, and nothing crashes', async () => {
  const { code, signal, stdout, stderr } = await runFixture('closed-port.js');
  expect([code, signal, stderr]).toEqual([0, null, '']);
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(12);
  // What an error carries that cannot be sent stays behind.
  const [error] = lines.splice(8, 1);
  expect(error).toBe('error with one: thrown');
  const [moving] = lines.splice(7, 1);
  expect(moving).toBe(
    "moving result: result of thread 'Thread-6 (give)' cannot be cloned: MessagePort in transfer list is already detached",
  );
  for (const line of lines)
    expect(line).toMatch(/: it is a MessagePort that is closed, or has moved to another thread before/);
});
