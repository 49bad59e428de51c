import { describe, expect, it } from 'vitest';
import { runProgram } from '../../support/run-program.js';

const program = new URL('../../fixtures/threading/programs/two-tables.js', import.meta.url).pathname;
const uses = ['nothing', 'a primitive', 'an ident', 'a thread', 'a watcher', 'a tracer'] as const;

/** What comes of a lock on each way, and whether everybody goes on as before. */
async function exchange(first: 'main' | 'worker', used: string): Promise<Record<string, string>> {
  const { lines, errors } = await runProgram(program, [first, used]);
  expect(errors).toBe('');
  return JSON.parse(lines.join('')) as Record<string, string>;
}

describe.concurrent('a lock that is sent as a handle', { timeout: 60_000 }, () => {
  it.each(uses)(
    'is one for all when main loads the library first; the workers have used %s',
    async (used) => {
      expect(await exchange('main', used)).toEqual({
        'main to worker': 'shared',
        'worker to main': 'shared',
        'worker to worker': 'shared',
        'back to main': 'shared',
        afterwards: 'fine,fine,fine,fine,fine',
      });
    },
  );

  it('reaches workers that loaded the library before main and have used nothing of it', async () => {
    expect(await exchange('worker', 'nothing')).toEqual({
      'main to worker': 'shared',
      'worker to main': 'refused',
      'worker to worker': 'shared',
      'back to main': 'refused',
      afterwards: 'fine,fine,fine,fine,fine',
    });
  });

  it.each(uses.slice(1))(
    'is refused, and all goes on, when workers loaded the library before main and have used %s',
    async (used) => {
      expect(await exchange('worker', used)).toEqual({
        'main to worker': 'refused',
        'worker to main': 'refused',
        'worker to worker': 'refused',
        'back to main': 'refused',
        afterwards: 'fine,fine,fine,fine,fine',
      });
    },
  );
});
