// npm run docs:marbles: draws docs/marbles/*.svg from the marbles that the tests run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { diagrams } from '../test/fixtures/marbles.js';

const FRAME = 34;
const ROW = 48;
const LEFT = 110;
const COLORS = ['#ffcb5c', '#7fc8f8', '#9ee493', '#f79ac0', '#c3a6ff', '#ffa987'];

/** @returns {{ frame: number, mark: string }[]} what happens when; spaces mean nothing, a group is one frame */
function parse(marbles) {
  const marks = [];
  let frame = 0;
  let group = -1;
  for (const mark of marbles.replaceAll(' ', '')) {
    if (mark === '(') group = frame;
    else if (mark !== '-' && mark !== ')') marks.push({ frame: group >= 0 ? group : frame, mark });
    if (mark === ')') group = -1;
    frame++;
  }
  return marks;
}

/** @param values - what a mark stands for; its text is drawn */
function text(mark, values = {}) {
  const value = values[mark] ?? mark;
  return Array.isArray(value) ? value.join('') : String(value);
}

function color(label) {
  return COLORS[(label.codePointAt(0) ?? 0) % COLORS.length];
}

function row(label, marbles, y, { start = 0, width, values } = {}) {
  const x = (frame) => LEFT + (start + frame) * FRAME;
  const marks = parse(marbles);
  const end = marks.find(({ mark }) => mark === '|' || mark === '#');
  const until = end === undefined ? width - 12 : x(end.frame);
  const parts = [`<text class="label" x="12" y="${y + 5}">${label}</text>`];
  parts.push(`<line x1="${x(0)}" y1="${y}" x2="${until}" y2="${y}"/>`);
  for (const { frame, mark } of marks) {
    const at = x(frame);
    if (mark === '|') parts.push(`<line class="end" x1="${at}" y1="${y - 15}" x2="${at}" y2="${y + 15}"/>`);
    else if (mark === '#') parts.push(`<path class="end" d="M${at - 9} ${y - 9}l18 18m0-18l-18 18"/>`);
    else {
      const shown = text(mark, values);
      parts.push(`<circle cx="${at}" cy="${y}" r="14" fill="${color(shown)}"/>`);
      parts.push(`<text x="${at}" y="${y + 5}">${shown}</text>`);
    }
  }
  return parts.join('\n');
}

/** An Event: a bar while it is set. */
function eventRow(label, marks, y, width) {
  const parts = [`<text class="label" x="12" y="${y + 5}">${label}</text>`];
  parts.push(`<line class="quiet" x1="${LEFT}" y1="${y}" x2="${width - 12}" y2="${y}"/>`);
  let since;
  for (const { frame, mark } of [...parse(marks), { frame: Number.POSITIVE_INFINITY, mark: 'c' }]) {
    if (mark === 's') since ??= frame;
    else if (since !== undefined) {
      const from = LEFT + since * FRAME;
      const to = Math.min(LEFT + frame * FRAME, width - 12);
      parts.push(`<rect class="set" x="${from}" y="${y - 9}" width="${to - from}" height="18" rx="4"/>`);
      parts.push(`<text x="${(from + to) / 2}" y="${y + 5}">set</text>`);
      since = undefined;
    }
  }
  return parts.join('\n');
}

/** @param {import('../test/support/diagram.js').Diagram} diagram */
export function draw({ operator, rows, events = {}, inner, result, values }) {
  const all = [...Object.values(rows), ...Object.values(events), result];
  const width = LEFT + Math.max(...all.map((marbles) => marbles.replaceAll(' ', '').length)) * FRAME + 24;
  const parts = [];
  let y = 30;
  const next = () => {
    const at = y;
    y += ROW;
    return at;
  };
  for (const [label, marbles] of Object.entries(rows)) parts.push(row(label, marbles, next(), { width }));
  for (const [label, marks] of Object.entries(events)) parts.push(eventRow(label, marks, next(), width));
  const box = next();
  parts.push(`<rect class="box" x="12" y="${box - 17}" width="${width - 24}" height="34" rx="6"/>`);
  parts.push(`<text class="code" x="${width / 2}" y="${box + 5}">${operator}</text>`);
  if (inner !== undefined) {
    const names = parse(result).flatMap(({ mark }) => (mark === '|' ? [] : [mark]));
    for (const [index, start] of inner.at.entries()) {
      const label = `${inner.name}(${names[index]})`;
      parts.push(row(label, inner.marbles, next(), { start, width, values: { x: names[index] } }));
    }
  }
  parts.push(row('result', result, next(), { width, values }));
  const height = y - ROW + 30;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${operator}">
<title>${operator}</title>
<style>
text { font: 14px sans-serif; text-anchor: middle; fill: #222 }
.label { text-anchor: start }
.code { font-family: monospace }
line, circle, path { stroke: #444; stroke-width: 2 }
.quiet { stroke: #bbb }
.end { stroke-width: 3; fill: none }
.set { fill: #9ee493 }
.box { fill: #f3f3f3; stroke: #999 }
</style>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

export const folder = new URL('marbles/', import.meta.url);

if (process.argv[1] === import.meta.filename) {
  mkdirSync(folder, { recursive: true });
  for (const diagram of diagrams) writeFileSync(new URL(`${diagram.name}.svg`, folder), draw(diagram));
}
