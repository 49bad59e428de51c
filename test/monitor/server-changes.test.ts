import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Changes } from '../../src/monitor/server/changes.js';

interface Row {
  readonly id: number;
  readonly name: string;
  readonly waits: readonly number[];
  readonly state: { readonly owner: number | null };
}

const row = fc.record({
  name: fc.constantFrom('a', 'b'),
  waits: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
  state: fc.record({ owner: fc.option(fc.integer({ min: 0, max: 1 })) }),
});
/** Of some of five ids. */
const rows = fc
  .dictionary(fc.constantFrom('1', '2', '3', '4', '5'), row)
  .map((byId) => Object.entries(byId).map(([id, one]): Row => ({ id: Number(id), ...one })));

function applied(
  before: readonly Row[],
  { set, gone }: ReturnType<Changes<Row, 'id'>['since']>,
): Map<number, Row> {
  const here = new Map(before.map((one) => [one.id, one]));
  for (const id of gone) here.delete(id);
  for (const one of set) here.set(one.id, { ...here.get(one.id), ...one } as Row);
  return here;
}

const asMap = (all: readonly Row[]): Map<number, Row> => new Map(all.map((one) => [one.id, one]));

describe('changes of rows', () => {
  it('since any version lead from there to the newest one', () => {
    fc.assert(
      fc.property(fc.array(rows, { minLength: 1, maxLength: 12 }), (versions) => {
        const changes = new Changes<Row, 'id'>('id');
        versions.forEach((one, version) => void changes.update(one, version));
        const last = versions.at(-1) ?? [];
        versions.forEach((one, version) => {
          expect(applied(one, changes.since(version))).toEqual(asMap(last));
        });
      }),
    );
  });

  it('say nothing of what is the same, and of a row no more than what has changed', () => {
    const changes = new Changes<Row, 'id'>('id');
    const one = { id: 1, name: 'ledger', waits: [7], state: { owner: 3 } };
    changes.update([one, { ...one, id: 2 }], 1);
    changes.update([structuredClone(one), { ...one, id: 2, waits: [7, 8] }], 2);
    expect(changes.since(2)).toEqual({ set: [], gone: [] });
    expect(changes.since(1)).toEqual({ set: [{ id: 2, waits: [7, 8] }], gone: [] });
    expect(changes.since(0)).toEqual({ set: [one, { ...one, id: 2, waits: [7, 8] }], gone: [] });
  });

  it('forget the keys that are gone once no reader can ask for them', () => {
    const changes = new Changes<Row, 'id'>('id');
    for (let version = 0; version < 100; version++)
      changes.update([{ id: version, name: '', waits: [], state: { owner: null } }], version);
    expect(changes.since(-1).gone).toHaveLength(99);
    changes.forget(90);
    expect(changes.since(90).gone).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98]);
    expect(changes.since(-1).gone).toHaveLength(9);
  });
});
