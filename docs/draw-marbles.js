// npm run docs:marbles: draws docs/marbles/*.svg from the marbles that the tests run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { diagrams } from '../test/fixtures/marbles.js';
import {
  eventRow,
  FRAME,
  LEFT,
  lengthOf,
  operatorBox,
  Palette,
  parse,
  streamRow,
  svg,
  workRow,
} from './marble-shapes.js';

const ROW = 46;
const TOP = 30;

/** @param {import('../test/support/diagram.js').Diagram} diagram */
export function draw({ operator, rows, events = {}, inner, jobs = {}, result, values }) {
  const lives = Object.values(jobs).flatMap((life) => Object.values(life));
  const all = [...Object.values(rows), ...Object.values(events), ...lives, result];
  const style = { width: LEFT + Math.max(...all.map(lengthOf)) * FRAME + 24, values, palette: new Palette() };
  const drawn = [
    ...Object.entries(rows).map(
      ([label, marbles]) =>
        (y) =>
          streamRow(label, marbles, y, style),
    ),
    ...Object.entries(events).map(
      ([label, marks]) =>
        (y) =>
          eventRow(label, marks, y, style),
    ),
    (y) => operatorBox(operator, y, style),
    ...innerRows(inner, result, style),
    ...Object.entries(jobs).map(
      ([label, life]) =>
        (y) =>
          workRow(label, life, y, style),
    ),
    (y) => streamRow('result', result, y, style),
  ];
  const content = drawn.map((row, index) => row(TOP + index * ROW)).join('\n');
  return svg(operator, style.width, 2 * TOP + (drawn.length - 1) * ROW, content);
}

function innerRows(inner, result, style) {
  if (inner === undefined) return [];
  const names = parse(result).flatMap(({ mark }) => (mark === '|' ? [] : [mark]));
  return inner.at.map((start, index) => {
    const values = { x: names[index] };
    return (y) => streamRow(`${inner.name}(${names[index]})`, inner.marbles, y, { ...style, start, values });
  });
}

/** How to read the others. */
function drawLegend() {
  const style = { width: LEFT + 9 * FRAME, palette: new Palette() };
  const drawn = [
    (y) => streamRow('values, the end', '-a-b---|', y, style),
    (y) => streamRow('at one moment', '-(ab)-', y, style),
    (y) => streamRow('an error', '-a---#', y, style),
    (y) => eventRow('an Event', '--s--c--', y, style),
    (y) => workRow('work in a thread', { a: '-^--!', b: '-----^-!' }, y, style),
  ];
  const content = drawn.map((row, index) => row(TOP + index * ROW)).join('\n');
  return svg('How to read the diagrams', style.width, 2 * TOP + (drawn.length - 1) * ROW, content);
}

/** @returns {[file: string, content: string][]} */
export function drawAll() {
  return [['legend.svg', drawLegend()], ...diagrams.map((diagram) => [`${diagram.name}.svg`, draw(diagram)])];
}

export const folder = new URL('marbles/', import.meta.url);

if (process.argv[1] === import.meta.filename) {
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of drawAll()) writeFileSync(new URL(file, folder), content);
}
