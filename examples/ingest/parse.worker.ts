import { pbkdf2Sync } from 'node:crypto';
import { isSite, OUTPUTS, type Output, REJECTED } from './outputs.js';
import type { Piece } from './pieces.js';

/** What a piece has for one output. */
export interface Part {
  readonly bytes: Uint8Array;
  readonly records: number;
}

export interface Parsed {
  /** End of the piece. */
  readonly end: number;
  readonly parts: Readonly<Record<Output, Part>>;
}

const LINE =
  /^(?<site>\S+) (?<client>[\d.]+) \S+ \S+ \[(?<day>\d+)\/(?<month>\w+)\/(?<year>\d+):(?<clock>[\d:]+) \+0000\] "(?<method>[A-Z]+) (?<path>\S+) [^"]*" (?<status>\d{3}) (?<bytes>\d+) "[^"]*" "(?<agent>[^"]*)"$/;
const SALT = 'not a secret in an example';
const ROUNDS = 200;

/** Runs in the workers of the pool. */
export function parse({ bytes, end }: Piece): Parsed {
  const lines = each((): string[] => []);
  for (const line of new TextDecoder().decode(bytes).split('\n').slice(0, -1)) {
    const [output, text] = parseLine(line) ?? [REJECTED, line];
    lines[output].push(`${text}\n`);
  }
  const encoder = new TextEncoder();
  return {
    end,
    parts: each((output) => ({
      bytes: encoder.encode(lines[output].join('')),
      records: lines[output].length,
    })),
  };
}

function parseLine(line: string): [Output, string] | undefined {
  const fields = LINE.exec(line)?.groups;
  if (fields?.site === undefined || !isSite(fields.site)) return undefined;
  const { client = '', day, month, year, clock, method, path = '', status, bytes, agent = '' } = fields;
  const time = new Date(`${day} ${month} ${year} ${clock} GMT`);
  if (Number.isNaN(time.getTime())) return undefined;
  const record = {
    time: time.toISOString(),
    client: pseudonym(client),
    method,
    path: decoded(path),
    status: Number(status),
    bytes: Number(bytes),
    agent: /bot|curl/i.test(agent) ? 'program' : /mobile/i.test(agent) ? 'phone' : 'browser',
  };
  return [fields.site, JSON.stringify(record)];
}

/** As it came, when it is not encoded as it should be. */
function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** There are only four billion addresses: a hash that is fast would soon be undone. This is where the time goes. */
function pseudonym(client: string): string {
  return pbkdf2Sync(client, SALT, ROUNDS, 8, 'sha256').toString('hex');
}

function each<T>(make: (output: Output) => T): Record<Output, T> {
  return Object.fromEntries(OUTPUTS.map((output) => [output, make(output)])) as Record<Output, T>;
}
