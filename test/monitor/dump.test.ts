import { RLock, Thread } from 'rxjs-threading';
import { threadDump } from 'rxjs-threading/monitor';
import { describe, expect, it } from 'vitest';
import { Planted } from '../support/monitor/planted.js';

describe('threadDump', () => {
  it('tells of each thread what it waits for and owns, and then what is wrong', async () => {
    await using planted = await Planted.plant([
      { own: new RLock({ name: 'ledger' }), face: 'blocking' },
      { own: new RLock({ name: 'vault\n\u001b[31m' }), face: 'blocking' },
    ]);
    const [first, second] = planted.idents;
    const lines = (await threadDump()).split('\n');
    const begin = lines.findIndex((line) => line.startsWith(`"member 0" #${first} thread`));
    expect(lines[begin]).toMatch(/ waiting for \d+\.\d s$/);
    expect(lines[begin + 1]).toBe('   runs member, started by "MainThread" #4096');
    expect(lines[begin + 2]).toContain('   - blocks for RLock "vault\\x0a\\x1b[31m" #');
    expect(lines[begin + 2]).toContain(`, owned by "member 1" #${second}`);
    expect(lines[begin + 3]).toMatch(/^ {3}- owns RLock "ledger" #\d+$/);
    const findings = lines.indexOf('Found 1:');
    expect(lines[findings + 1]).toMatch(/^ \* Deadlock: 'member \d' waits for '/);
  });

  it('counts those that live, and apart from them those that have just ended', async () => {
    await new Thread({ target: () => 1 }).start().join();
    const dump = await threadDump();
    const [, alive, ended] = dump.match(/, Node v[\d.]+: (\d+), and (\d+) that ended\n/) ?? [];
    const activities = [...dump.matchAll(/^".* (\w+) for .*$/gm)].map(([, activity]) => activity);
    expect(Number(ended)).toBe(activities.filter((one) => one === 'stopped' || one === 'dead').length);
    expect(Number(alive)).toBe(activities.length - Number(ended));
    expect(Number(ended)).toBeGreaterThan(0);
  });

  it('has the stacks of blocked threads, if asked', async () => {
    await using _planted = await Planted.plant([
      { own: new RLock(), face: 'blocking' },
      { own: new RLock(), face: 'blocking' },
    ]);
    const frame = / {8}at waitFor \(test\/fixtures\/monitor\/cycles\.js:\d+:\d+\)/;
    // One that does not answer in time, as on a busy machine, has none.
    await expect.poll(() => threadDump({ stacks: 'full' })).toMatch(frame);
  });

  it('refuses what it does not know', async () => {
    await expect(threadDump({ stacks: 'half' } as never)).rejects.toThrow(
      "stacks must be 'site' or 'full', got 'half'",
    );
  });
});
