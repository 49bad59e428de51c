import type { FunctionComponent } from 'preact';
import { useState } from 'preact/hooks';
import uPlot from 'uplot';
import { timeOfDay } from '../format.js';
import { type Census, COLUMN, COLUMNS } from '../model/history.js';
import { usePage } from './page.js';
import type { Palette } from './palette.js';
import { Plot } from './plot.js';

const HEIGHT = 84;
const BARS = uPlot.paths.bars?.({ size: [0.82, 12, 1], align: -1 });

/** Each bar is drawn over the one before, from the sum of all down to the first. */
const STACK: readonly ((census: Census) => number)[] = [
  ({ running, waiting, deadlocked, idle }) => running + waiting + deadlocked + idle,
  ({ running, waiting, deadlocked }) => running + waiting + deadlocked,
  ({ running, waiting }) => running + waiting,
  ({ running }) => running,
];

/** What the threads did in the last ten minutes. */
export const Alive: FunctionComponent = () => {
  const { moment } = usePage();
  const { columns } = moment.history;
  const [over, setOver] = useState<number | null>(null);
  const last = columns.at(-1);
  const end = last?.time ?? moment.time;
  // Columns from before the page was opened have a place, too.
  const before = COLUMNS - columns.length;
  const times = Array.from({ length: COLUMNS }, (_, at) => end - (COLUMNS - 1 - at) * COLUMN);
  const one = over === null ? undefined : columns[over - before];
  return (
    <div class="alive">
      <h3>
        Threads alive{' '}
        <span class="soft">
          {one === undefined ? 'last 10 min' : `${timeOfDay(one.time)}: ${inWords(one)}`}
        </span>
      </h3>
      <Plot
        height={HEIGHT}
        times={times}
        values={STACK.map((sum) => [
          ...Array<null>(before).fill(null),
          ...columns.map((one) => (one === undefined ? null : sum(one))),
        ])}
        grid={false}
        series={seriesOf}
        over={setOver}
        label={`Threads over the last ten minutes; last ${last === undefined ? 'nothing' : inWords(last)}`}
      />
      <div class="ends" aria-hidden="true">
        <span>{timeOfDay(end - COLUMNS * COLUMN).slice(0, 5)}</span>
        <span>{timeOfDay(end - (COLUMNS * COLUMN) / 2).slice(0, 5)}</span>
        <span>{timeOfDay(end).slice(0, 5)}</span>
      </div>
    </div>
  );
};

function seriesOf({ run, wait, dead, idle }: Palette): uPlot.Series[] {
  return [idle, dead, wait, run].map((fill) => ({
    fill,
    width: 0,
    points: { show: false },
    ...(BARS === undefined ? {} : { paths: BARS }),
  }));
}

function inWords({ running, waiting, deadlocked, idle }: Census): string {
  const stuck = deadlocked === 0 ? '' : `${deadlocked} deadlocked, `;
  return `${stuck}${running} running, ${waiting} waiting, ${idle} idle`;
}
