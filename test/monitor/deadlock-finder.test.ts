import { describe, expect, it } from 'vitest';
import { cyclesOf } from '../../src/monitor/deadlock-cycles.js';
import { DeadlockFinder } from '../../src/monitor/deadlock-finder.js';
import { type SectionWait, sectionEdges, type WaitEdge } from '../../src/monitor/deadlock-graph.js';
import { anySeed, random } from '../support/random.js';

function edge(
  from: string,
  to: string,
  at: number,
  looks: number | null,
  face: 'blocking' | 'observable' = 'blocking',
): WaitEdge {
  const wait = {
    id: Number(from),
    ident: Number(from),
    primitive: 1,
    name: 'lock',
    face,
    count: 1,
    since: 0,
    until: null,
    owner: Number(to),
    section: null,
    site: null,
  };
  return { from, to, key: `${from}>${to}`, wait, at, looks };
}

describe('a cycle is believed', () => {
  const found = (finder: DeadlockFinder, ...edges: WaitEdge[]): number => finder.look(edges).cycles.length;

  it('when 100 ms later each of its waiters has looked twice again', () => {
    const finder = new DeadlockFinder();
    expect(found(finder, edge('1', '2', 0, 5), edge('2', '1', 0, 9))).toBe(0);
    expect(found(finder, edge('1', '2', 50, 7), edge('2', '1', 50, 11))).toBe(0);
    expect(found(finder, edge('1', '2', 100, 7), edge('2', '1', 100, 10))).toBe(0);
    expect(found(finder, edge('1', '2', 110, 7), edge('2', '1', 110, 11))).toBe(1);
  });

  it('never while a waiter has not looked again, however long it is kept from running', () => {
    const finder = new DeadlockFinder();
    for (let at = 0; at < 60_000; at += 100)
      expect(found(finder, edge('1', '2', at, 5), edge('2', '1', at, at))).toBe(0);
  });

  it('anew when an edge was gone in between, and when the looks of a waiter begin again at 0', () => {
    const finder = new DeadlockFinder();
    const last = 2 ** 32 - 1;
    expect(found(finder, edge('1', '2', 0, last), edge('2', '1', 0, null))).toBe(0);
    expect(found(finder, edge('1', '2', 50, last))).toBe(0);
    expect(found(finder, edge('1', '2', 100, 1), edge('2', '1', 100, null))).toBe(0);
    expect(found(finder, edge('1', '2', 200, 1), edge('2', '1', 200, null))).toBe(1);
  });

  it('once, however many waits of the same are in it', () => {
    const finder = new DeadlockFinder();
    const many = (at: number): WaitEdge[] => [
      edge('2', '1', at, null),
      ...Array.from({ length: 5 }, () => edge('1', '2', at, null)),
    ];
    expect(found(finder, ...many(0))).toBe(0);
    expect(found(finder, ...many(100))).toBe(1);
  });

  it('later where an event loop runs on, and not at all where it is one loop alone', () => {
    const finder = new DeadlockFinder();
    const looked = (at: number) => [edge('1', '2', at, at, 'observable'), edge('2', '1', at, at)] as const;
    expect(found(finder, ...looked(0))).toBe(0);
    expect(found(finder, ...looked(399))).toBe(0);
    expect(found(finder, ...looked(400))).toBe(1);
    const alone = (at: number): WaitEdge => edge('1', '1', at, at, 'observable');
    expect(found(finder, alone(1000))).toBe(0);
    expect(found(finder, alone(9000))).toBe(0);
  });
});

describe('the cycles of a graph', () => {
  const seed = anySeed();

  it(`have each edge that leads back to where it begins, and no other (SEED=${seed})`, () => {
    const draw = random(seed);
    for (let round = 0; round < 300; round++) {
      const nodes = 2 + Math.floor(draw() * 7);
      const any = (): string => `${Math.floor(draw() * nodes)}`;
      const edges = Array.from({ length: 1 + Math.floor(draw() * 14) }, () => ({ from: any(), to: any() }));
      const reaches = (from: string, to: string): boolean => {
        const seen = new Set([from]);
        for (const node of seen) for (const next of edges) if (next.from === node) seen.add(next.to);
        return seen.has(to);
      };
      const cycles = cyclesOf(edges);
      for (const cycle of cycles)
        for (const [at, one] of cycle.entries()) expect(cycle[(at + 1) % cycle.length]?.from).toBe(one.to);
      const covered = new Set(cycles.flat());
      for (const one of edges) expect(covered.has(one)).toBe(reaches(one.to, one.from));
    }
  });
});

/** A wait of thread 1. */
function sectionWait(id: number, sections: number[], holders: number[]): SectionWait {
  const { wait } = edge('1', '1', 0, null, 'observable');
  return { wait: { ...wait, id }, at: 0, sections, holders };
}

describe('sections that wait for sections', () => {
  const seed = anySeed();

  it(`have edges where all that hold what they wait for are stuck, and no others (SEED=${seed})`, () => {
    const draw = random(seed);
    for (let round = 0; round < 300; round++) {
      const any = (most: number): number[] => [
        ...new Set(Array.from({ length: Math.floor(draw() * most) }, () => Math.floor(draw() * 6))),
      ];
      const waits = Array.from({ length: Math.floor(draw() * 9) }, (_, id) =>
        sectionWait(id, any(3), any(3)),
      );
      // Round by round, as it is defined.
      let stuck = waits.filter(({ holders }) => holders.length > 0);
      for (let before = Infinity; stuck.length < before; ) {
        before = stuck.length;
        const left = new Set(stuck.flatMap(({ sections }) => sections));
        stuck = stuck.filter(({ holders }) => holders.every((holder) => left.has(holder)));
      }
      const edges = stuck.flatMap(({ wait, sections, holders }) =>
        sections.flatMap((section) => holders.map((holder) => `${wait.id}/${section}>${holder}`)),
      );
      expect(sectionEdges(waits).map(({ key }) => key)).toEqual(edges);
    }
  });
});

describe('a chain of thousands that leads nowhere', () => {
  const LENGTH = 3000;
  let reads = 0;
  const counted = <T extends object>(one: T): T =>
    new Proxy(one, {
      get(of, key) {
        reads++;
        return Reflect.get(of, key);
      },
    });
  const chain = Array.from({ length: LENGTH }, (_, at) => at);

  it.each([
    ['of threads', () => cyclesOf(chain.map((at) => counted({ from: `${at}`, to: `${at + 1}` })))],
    ['of sections', () => sectionEdges(chain.map((at) => counted(sectionWait(at, [at], [at + 1]))))],
  ])('%s is looked at once a link', (_, search) => {
    reads = 0;
    expect(search()).toEqual([]);
    expect(reads).toBeLessThan(30 * LENGTH);
  });
});
