import { expect, it } from 'vitest';
import { countWaiting, waits } from '../../../src/primitives/threads/wait-graph.js';
import { WaitRecord } from '../../../src/primitives/threads/wait-record.js';

it('a wait that is counted is listed, at each step of what its thread writes', () => {
  const seen: { counted: number; listed: number }[] = [];
  const look = (): number => {
    seen.push({
      counted: countWaiting(7),
      listed: waits().filter(({ primitive }) => primitive === 7).length,
    });
    return seen.length;
  };
  const record = new WaitRecord();
  record.set({ id: 7, name: 'waited for', owner: null }, 1, {
    get since() {
      return look();
    },
    get until() {
      return look();
    },
    get site() {
      return look();
    },
  });
  look();
  record.set({ id: 7, name: 'waited for', owner: null }, 0);
  expect(seen.length).toBeGreaterThan(3);
  expect(seen.map(({ counted, listed }) => counted - listed)).toEqual(seen.map(() => 0));
  expect(seen.at(-1)).toEqual({ counted: 1, listed: 1 });
});
