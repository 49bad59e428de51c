import type { FunctionComponent } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { type Palette, paletteOf } from './palette.js';

interface PlotProps {
  readonly height: number;
  /** The time of each value, ms. */
  readonly times: readonly number[];
  /** Of each series, a value for each time. */
  readonly values: readonly (readonly (number | null)[])[];
  series(palette: Palette): uPlot.Series[];
  readonly grid?: boolean;
  /** Gets the place that the pointer is over, or null. */
  over?(at: number | null): void;
  /** What readers are told of it. */
  readonly label: string;
}

/** A plot as wide as its place. A new theme makes it anew, since its colours are on a canvas. */
export const Plot: FunctionComponent<PlotProps> = ({
  height,
  times,
  values,
  series,
  over,
  label,
  grid = true,
}) => {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data: uPlot.AlignedData = [[...times], ...values.map((one) => [...one])];
  const latest = useRef(data);
  latest.current = data;
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const make = (): void => {
      plot.current?.destroy();
      const palette = paletteOf(element);
      plot.current = new uPlot(
        {
          width: Math.max(1, element.clientWidth),
          height,
          ms: 1,
          legend: { show: false },
          cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
          padding: [4, 0, 2, 0],
          scales: { x: { time: true }, y: { range: (_plot, _least, most) => [0, Math.max(1, most * 1.08)] } },
          axes: [
            { show: false },
            {
              size: 0,
              values: () => [],
              ticks: { show: false },
              grid: { show: grid, stroke: palette.line, width: 1 },
              space: height / 4,
            },
          ],
          series: [{}, ...series(palette)],
          hooks: { setCursor: [({ cursor }) => over?.(cursor.idx ?? null)] },
        },
        latest.current,
        element,
      );
    };
    make();
    const sized = new ResizeObserver(() => {
      if (plot.current?.width !== element.clientWidth)
        plot.current?.setSize({ width: Math.max(1, element.clientWidth), height });
    });
    sized.observe(element);
    const themed = new MutationObserver(make);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      sized.disconnect();
      themed.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
    // The rest of the options does not change while a plot is there.
  }, [height]);
  const newest = `${times.length} ${times.at(-1)}`;
  useLayoutEffect(() => plot.current?.setData(latest.current), [newest]);
  return <div class="plot" ref={place} role="img" aria-label={label} />;
};
