import type { FunctionComponent } from 'preact';
import { useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { PoolInfo } from '../../types.js';
import { duration, rate } from '../format.js';
import type { PoolHistory } from '../model/history.js';
import { RECENT } from '../model/history.js';
import { lookOf, usePage } from './page.js';
import type { Palette } from './palette.js';
import { Plot } from './plot.js';
import { useFirst } from './use-first.js';
import './pools.css';

/** Pools that are shown before somebody asks for all: a plot has its price. */
const FIRST = 9;
const HEIGHT = 96;

/** The starved first, then those with most in line. */
export const Pools: FunctionComponent = () => {
  const { moment } = usePage();
  const starved = new Set(moment.findings.flatMap((one) => (one.kind === 'starvation' ? [one.pool] : [])));
  const pools = [...moment.pools.values()].sort(
    (a, b) => Number(starved.has(b.id)) - Number(starved.has(a.id)),
  );
  const [shown, more] = useFirst(pools, FIRST, 'pools');
  if (pools.length === 0) return <div id="pools" tabIndex={-1} />;
  return (
    <>
      <div class="grid pools" id="pools" tabIndex={-1}>
        {shown.map((pool) => (
          <Pool
            key={pool.id}
            pool={pool}
            starved={starved.has(pool.id)}
            history={moment.history.pools.get(pool.id)}
          />
        ))}
      </div>
      {more}
    </>
  );
};

interface PoolProps {
  readonly pool: PoolInfo;
  readonly starved: boolean;
  readonly history: PoolHistory | undefined;
}

const Pool: FunctionComponent<PoolProps> = ({ pool, starved, history }) => {
  const { moment, open } = usePage();
  const [over, setOver] = useState<number | null>(null);
  const at = over ?? RECENT - 1;
  const jobs = history?.jobs.values ?? [];
  const queued = history?.queued.values ?? [];
  // The plot's own clock: a new value each second, the last one now.
  const end = Math.floor(moment.time / 1000) * 1000;
  return (
    <section class="panel pool" aria-label={`Pool ${pool.name}`}>
      <div class="top">
        <h2>
          <button type="button" class="name" onClick={() => open({ kind: 'pool', id: pool.id })}>
            {pool.name}
          </button>
        </h2>
        <span class="soft">
          {pool.busy} of {pool.maxThreads} busy, {pool.queued} queued
        </span>
        <span class={`tag ${starved ? 'bad' : ''}`}>{starved ? 'starved' : stateOf(pool)}</span>
      </div>
      <Slots pool={pool} />
      <div class="key">
        <span>
          <i class="run" />
          jobs a second <b>{over === null ? '' : rate(jobs[at] ?? null)}</b>
        </span>
        <span>
          <i class="wait" />
          queued <b>{over === null ? '' : (queued[at] ?? '–')}</b>
        </span>
      </div>
      <Plot
        height={HEIGHT}
        times={jobs.map((_value, place) => end - (RECENT - 1 - place) * 1000)}
        values={[jobs, queued]}
        series={seriesOf}
        over={setOver}
        label={`Pool ${pool.name}, last minute: ${rate(history?.jobs.last ?? null)} jobs a second, ${pool.queued} queued`}
      />
      <div class="ends" aria-hidden="true">
        <span>60 s ago</span>
        <span>now</span>
      </div>
      <dl class="facts">
        <Fact name="Jobs /s" value={rate(history?.jobs.mean(3) ?? null)} />
        <Fact name="Run p50" value={duration(pool.run.count === 0 ? null : pool.run.p50)} />
        <Fact name="Run p99" value={duration(pool.run.count === 0 ? null : pool.run.p99)} />
        <Fact name="Queued p99" value={duration(pool.wait.count === 0 ? null : pool.wait.p99)} />
      </dl>
    </section>
  );
};

const Fact: FunctionComponent<{ readonly name: string; readonly value: string }> = ({ name, value }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

/** A box for each worker that the pool may have. */
const Slots: FunctionComponent<{ readonly pool: PoolInfo }> = ({ pool }) => {
  const { moment } = usePage();
  const most = Math.min(pool.maxThreads, 32);
  const looks = pool.jobs.map((ident) => {
    const thread = moment.threads.get(ident);
    const look = thread === undefined ? 'running' : lookOf(thread, moment);
    return look === 'waiting' ? 'wait' : look === 'deadlocked' ? 'dead' : 'run';
  });
  return (
    <div class="slots" aria-hidden="true">
      {Array.from({ length: most }, (_, at) => (
        <i key={at} class={looks[at] ?? (at < pool.busy ? 'run' : '')} />
      ))}
    </div>
  );
};

function stateOf({ busy, queued }: PoolInfo): string {
  return busy > 0 || queued > 0 ? 'healthy' : 'idle';
}

function seriesOf({ run, wait }: Palette): uPlot.Series[] {
  const points = { show: false };
  return [
    { stroke: run, fill: `${run}22`, width: 1.8, points },
    { stroke: wait, width: 1.8, dash: [5, 3], points },
  ];
}
