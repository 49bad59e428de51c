import { Piscina } from 'piscina';
import { from, lastValueFrom, map, range, reduce } from 'rxjs';
import { ThreadPool, threadMap, threadModule } from 'rxjs-threading';
import { checkEqual, interleave, note, row, scaled, timed, timedSync } from '../harness.js';
import { busy as busyHere } from '../targets.js';

const TINY = scaled(100_000);
/** Of those, what raw tasks are timed for: their cost grows with nothing. */
const RAW = scaled(10_000);
const PULLED = scaled(1_000_000);
const SLOW = scaled(200);
const MS = 5;
/** One slow value and as many that follow it as a batch of tiny ones would take: together as long as the slow one. */
const LONG = scaled(200);
const UNEVEN = [
  ...Array(scaled(10_000)).fill(0),
  LONG,
  ...Array(LONG).fill(1),
  ...Array(scaled(10_000)).fill(0),
];
const sum = (to) => (to * (to + 1)) / 2;

const url = new URL('../targets.js', import.meta.url);
const { default: increment, busy } = threadModule(url);
const piscina = new Piscina({ filename: url.href, minThreads: 2, maxThreads: 2, idleTimeout: 60_000 });
const pool = new ThreadPool({ minThreads: 2, maxThreads: 2, idleTimeout: 60_000 });
const total = reduce((all, value) => all + value, 0);

const tiny = await interleave(
  {
    map: async () => {
      let found;
      const took = await timed(async () => {
        found = await lastValueFrom(range(0, TINY).pipe(threadMap(increment, { pool }), total));
      });
      checkEqual('sum', found, sum(TINY));
      return took / TINY;
    },
    piscina: async () => {
      let found;
      const took = await timed(async () => {
        const all = await Promise.all(Array.from({ length: RAW }, (_, value) => piscina.run(value)));
        found = all.reduce((a, b) => a + b, 0);
      });
      checkEqual('sum', found, sum(RAW));
      return took / RAW;
    },
  },
  { rounds: 5 },
);

const values = Array.from({ length: PULLED }, (_, value) => value);
const mapMillion = (source) => async () => {
  let found;
  const took = await timed(async () => {
    found = await lastValueFrom(source().pipe(total));
  });
  checkEqual('sum', found, sum(PULLED));
  return took;
};
const million = await interleave(
  {
    pulled: mapMillion(() => pool.map(values, increment)),
    range: mapMillion(() => range(0, PULLED).pipe(threadMap(increment, { pool }))),
  },
  { rounds: 5, collect: true },
);

const slow = await interleave(
  {
    map: async () => {
      let found;
      const took = await timed(async () => {
        const source = range(0, SLOW).pipe(map(() => MS));
        found = await lastValueFrom(source.pipe(threadMap(busy, { pool }), total));
      });
      checkEqual('sum', found, SLOW * MS);
      return took;
    },
    half: () =>
      timedSync(() => {
        for (let value = 0; value < SLOW; value++) busyHere(MS);
      }) / 2,
  },
  { rounds: 3 },
);

const uneven = await interleave(
  {
    map: async () => {
      let found;
      const took = await timed(async () => {
        found = await lastValueFrom(from(UNEVEN).pipe(threadMap(busy, { pool }), total));
      });
      checkEqual('sum', found, 2 * LONG);
      return took;
    },
    half: () => timedSync(() => UNEVEN.forEach(busyHere)) / 2,
  },
  { rounds: 3 },
);
await piscina.destroy();
await pool.close();

row('threadMap, a flood of tiny values, each', tiny.map, 'raw piscina.run', tiny.piscina, 0.15);
row('ThreadPool.map, a million values, pulled', million.pulled, 'threadMap of range', million.range, 1.2);
row(`threadMap, ${MS} ms values, two workers`, slow.map, 'half of the sequential time', slow.half, 1.08);
row(
  `threadMap, 0, 1 and ${LONG} ms values, two workers`,
  uneven.map,
  'half of the sequential time',
  uneven.half,
  1.15,
);
note('The last two are of use on two idle cores alone.');
