import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export interface Options {
  readonly jobs: number;
  readonly threads: number;
  readonly out: string;
  /** Whether to serve a page that shows the pool at work. */
  readonly monitor: boolean;
}

/** An exit code. */
const WRONG_USE = 2;
const OPTIONS = {
  jobs: { type: 'string' },
  threads: { type: 'string' },
  out: { type: 'string' },
  monitor: { type: 'boolean', default: false },
} as const;

/** Those of the command line; wrong ones end the program. */
export function readOptions(): Options {
  try {
    return parse(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(WRONG_USE);
  }
}

/** @throws Error that says what is wrong */
function parse(args: string[]): Options {
  const { values } = parseArgs({ args, options: OPTIONS });
  return {
    jobs: countOf('jobs', values.jobs ?? '2400'),
    threads: countOf('threads', values.threads ?? String(availableParallelism())),
    out: values.out ?? fileURLToPath(new URL('./out', import.meta.url)),
    monitor: values.monitor,
  };
}

function countOf(name: string, text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new RangeError(`--${name} must be a whole number from 1 to 9999, got '${text}'`);
}
