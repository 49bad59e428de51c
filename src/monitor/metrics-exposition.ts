import { visible } from './visible.js';

export type Labels = Readonly<Record<string, string>>;

/** A value, of a family of metrics or, in a histogram, of one of its parts. */
export interface Sample {
  /** '_bucket', '_sum' or '_count' in a histogram, else ''. */
  readonly part: '' | '_bucket' | '_sum' | '_count';
  readonly labels: Labels;
  readonly value: number;
}

/** All that has one name. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

/** The text format of Prometheus, version 0.0.4. Source: Prometheus, "Exposition formats". */
export function exposition(families: readonly Family[]): string {
  return families.map(familyText).join('');
}

function familyText({ name, help, type, samples }: Family): string {
  const lines = samples.map(({ part, labels, value }) => `${name}${part}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => ESCAPES[character] as string);
}

/**
 * A name that the program gave, as the value of a label: whoever shows the text shows what a terminal would obey. A line
 * break stays one, as the format has an escape for it.
 */
export function labelOf(name: string): string {
  return name.split('\n').map(visible).join('\n');
}
