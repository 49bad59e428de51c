// What a marble diagram is made of, as SVG; frames are columns.
export const FRAME = 34;
export const LEFT = 122;
const RADIUS = 14;
const MARGIN = 14;

const COLORS = ['#ffd166', '#8ecaf5', '#a5e09a', '#f7a8c6', '#c9b2ff', '#ffb59a'];

/** A color for each text, by the order in which they come. */
export class Palette {
  #seen = new Map();

  of(text) {
    if (!this.#seen.has(text)) this.#seen.set(text, COLORS[this.#seen.size % COLORS.length]);
    return this.#seen.get(text);
  }
}

/** @returns {{ frame: number, mark: string }[]} what happens when; spaces mean nothing, a group is one frame */
export function parse(marbles) {
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

export const lengthOf = (marbles) => marbles.replaceAll(' ', '').length;

const xOf = (frame) => LEFT + frame * FRAME;

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const label = (text, y) => `<text class="label" x="${MARGIN}" y="${y + 5}">${escaped(text)}</text>`;

function marble(x, y, shown, palette) {
  const [first, second] = Array.isArray(shown) ? shown : [shown];
  const circle = (fill) => `<circle class="marble" cx="${x}" cy="${y}" r="${RADIUS}" fill="${fill}"/>`;
  const parts = [circle(palette.of(first))];
  if (second !== undefined) {
    const half = `M${x} ${y - RADIUS}a${RADIUS} ${RADIUS} 0 0 1 0 ${2 * RADIUS}z`;
    parts.push(`<path d="${half}" fill="${palette.of(second)}"/>`, circle('none'));
  }
  const text = Array.isArray(shown) ? shown.join('') : shown;
  parts.push(`<text class="mark" x="${x}" y="${y + 5}">${escaped(text)}</text>`);
  return parts.join('');
}

const endBar = (x, y) => `<line class="end" x1="${x}" y1="${y - 15}" x2="${x}" y2="${y + 15}"/>`;
const cross = (x, y) => `<path class="end" d="M${x - 9} ${y - 9}l18 18m0-18l-18 18"/>`;
const arrow = (x, y) => `<path class="arrow" d="M${x - 6} ${y - 5}l6 5l-6 5"/>`;

/** A stream; what is of one frame touches. */
export function streamRow(name, marbles, y, { start = 0, width, values = {}, palette }) {
  const shapes = [];
  let column = -1;
  let x = 0;
  let end;
  for (const { frame, mark } of parse(marbles)) {
    const ends = mark === '|' || mark === '#';
    x = frame === column ? x + (mark === '|' ? RADIUS + 5 : 2 * RADIUS) : xOf(start + frame);
    column = frame;
    if (ends) end = x;
    shapes.push(
      mark === '|' ? endBar(x, y) : mark === '#' ? cross(x, y) : marble(x, y, values[mark] ?? mark, palette),
    );
  }
  const until = end ?? width - MARGIN;
  const line = `<line x1="${xOf(start)}" y1="${y}" x2="${until}" y2="${y}"/>`;
  return [label(name, y), line, end === undefined ? arrow(until, y) : '', ...shapes].join('\n');
}

/** An Event: a bar while it is set. */
export function eventRow(name, marks, y, { width }) {
  const parts = [
    label(name, y),
    `<line class="quiet" x1="${LEFT}" y1="${y}" x2="${width - MARGIN}" y2="${y}"/>`,
  ];
  let since;
  for (const { frame, mark } of [...parse(marks), { frame: Number.POSITIVE_INFINITY, mark: 'c' }]) {
    if (mark === 's') since ??= frame;
    else if (since !== undefined) {
      parts.push(bar(xOf(since), Math.min(xOf(frame), width - MARGIN), y, 'set', COLORS[2]));
      since = undefined;
    }
  }
  return parts.join('\n');
}

/** A worker: a bar for each value, from ^ to the end of its work. */
export function workRow(name, lives, y, { width, palette }) {
  const parts = [
    label(name, y),
    `<line class="quiet" x1="${LEFT}" y1="${y}" x2="${width - MARGIN}" y2="${y}"/>`,
  ];
  for (const [value, life] of Object.entries(lives)) {
    const [begin, end] = parse(life);
    parts.push(bar(xOf(begin.frame), xOf(end.frame), y, value, palette.of(value)));
  }
  return parts.join('\n');
}

function bar(from, to, y, text, color) {
  const rect = `<rect class="marble" x="${from}" y="${y - 11}" width="${to - from}" height="22" rx="5" fill="${color}"/>`;
  return `${rect}<text class="mark" x="${(from + to) / 2}" y="${y + 5}">${escaped(text)}</text>`;
}

export function operatorBox(text, y, { width }) {
  const rect = `<rect class="box" x="${MARGIN}" y="${y - 17}" width="${width - 2 * MARGIN}" height="34" rx="6"/>`;
  return `${rect}<text class="code" x="${width / 2}" y="${y + 5}">${escaped(text)}</text>`;
}

/** Colors of its own on a ground of its own, so that the page around it may be light or dark. */
export function svg(title, width, height, content) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>
text { font: 14px sans-serif; text-anchor: middle; fill: #1f2328 }
.label { text-anchor: start }
.code { font-family: monospace }
line, .end, .arrow { stroke: #444c56; stroke-width: 2; fill: none }
line.quiet { stroke: #c4cad1 }
line.end, path.end { stroke-width: 3 }
.marble { stroke: #444c56; stroke-width: 1.5 }
.ground { fill: #fff; stroke: #d1d9e0 }
.box { fill: #f3f5f7; stroke: #9aa4af }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  text.mark { fill: #1f2328 }
  line, .end, .arrow { stroke: #aab4bf }
  line.quiet { stroke: #484f58 }
  .marble { stroke: #0d1117 }
  .ground { fill: #161b22; stroke: #30363d }
  .box { fill: #21262d; stroke: #6e7681 }
}
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${content}
</svg>
`;
}
