import type { ComponentChildren, FunctionComponent } from 'preact';
import { count, duration } from '../format.js';
import { census } from '../model/history.js';
import type { Series } from '../model/series.js';
import { usePage } from './page.js';
import './vitals.css';

/** Old enough to say that a loop does not turn, rather than that it has not been asked again. */
const DEAF = 4000;

/** Five numbers, and how the last minute went. */
export const Vitals: FunctionComponent = () => {
  const { moment, now } = usePage();
  const { history } = moment;
  const { running, waiting, deadlocked, idle } = census(now(), moment);
  const main = [...moment.threads.values()].find(({ kind }) => kind === 'main');
  const deaf = main?.loop == null ? 0 : now() - main.loop.heard;
  const lost = history.lost.mean(3);
  const parts = [
    deadlocked > 0 && `${deadlocked} deadlocked`,
    `${waiting} waiting`,
    deadlocked === 0 && `${idle} idle`,
  ].filter((part) => part !== false);
  return (
    <section class="vitals" aria-label="At a glance">
      <div class="vital">
        <div class="k">Threads alive</div>
        <div class="v">{running + waiting + deadlocked + idle}</div>
        <div class="u">{parts.join(', ')}</div>
        <div class="mix" aria-hidden="true">
          <Part kind="run" of={running} />
          <Part kind="wait" of={waiting} />
          <Part kind="dead" of={deadlocked} />
          <Part kind="rest" of={idle} />
        </div>
      </div>
      <Vital
        title="Time lost waiting"
        value={lost === null ? '–' : `${Math.round(lost * 100)}`}
        unit={lost === null ? '' : '%'}
        under="of thread time"
        series={history.lost}
        most={1}
        kind="wait"
      />
      <Vital
        title="Contended acquires"
        value={whole(history.contention.mean(3))}
        under="a second"
        series={history.contention}
        kind="wait"
      />
      <Vital
        title="Jobs"
        value={whole(history.jobs.mean(3))}
        under="a second"
        series={history.jobs}
        kind="run"
      />
      <Vital
        title="Main loop delay"
        value={deaf > DEAF ? <span class="bad">blocked</span> : split(history.delay.last)[0]}
        unit={deaf > DEAF ? '' : split(history.delay.last)[1]}
        under={deaf > DEAF ? `no answer for ${duration(deaf)}` : 'p99 of 10 s'}
        series={history.delay}
        kind="run"
      />
    </section>
  );
};

interface VitalProps {
  readonly title: string;
  readonly value: ComponentChildren;
  readonly unit?: string | undefined;
  readonly under: string;
  readonly series: Series;
  /** The top of the plot; as high as its highest, without. */
  readonly most?: number;
  readonly kind: 'run' | 'wait';
}

const Vital: FunctionComponent<VitalProps> = ({ title, value, unit, under, series, most, kind }) => (
  <div class="vital">
    <div class="k">{title}</div>
    <div class="row">
      <div class="number">
        <div class="v">
          {value}
          {unit && <small>{unit}</small>}
        </div>
        <div class="u">{under}</div>
      </div>
      <Spark series={series} most={most} kind={kind} />
    </div>
  </div>
);

const Part: FunctionComponent<{ readonly kind: string; readonly of: number }> = ({ kind, of }) =>
  of === 0 ? null : <i class={kind} style={{ flexGrow: of }} />;

interface SparkProps {
  readonly series: Series;
  readonly most: number | undefined;
  readonly kind: string;
}

const SPARK = { width: 84, height: 28, seconds: 40 };

const Spark: FunctionComponent<SparkProps> = ({ series, most, kind }) => {
  const values = series.values.slice(-SPARK.seconds);
  const top = Math.max(most === undefined ? 0 : most * 0.2, ...values.map((value) => value ?? 0)) || 1;
  const points = values.flatMap((value, at) => {
    if (value === null) return [];
    const x = (at / (SPARK.seconds - 1)) * SPARK.width;
    return [`${x.toFixed(1)} ${(SPARK.height - 1 - (value / top) * (SPARK.height - 3)).toFixed(1)}`];
  });
  const first = points[0]?.split(' ')[0];
  if (points.length < 4) return <svg class="spark" viewBox="0 0 84 28" aria-hidden="true" />;
  return (
    <svg class={`spark ${kind}`} viewBox="0 0 84 28" aria-hidden="true">
      <path class="area" d={`M${points.join('L')}L84 28L${first} 28Z`} />
      <path d={`M${points.join('L')}`} />
    </svg>
  );
};

function whole(value: number | null): string {
  return value === null ? '–' : count(value);
}

/** A duration and its unit. */
function split(ms: number | null): [string, string] {
  const [value = '', unit = ''] = duration(ms).split(' ');
  return [value, unit];
}
