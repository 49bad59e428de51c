import { spawn } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import {
  appendFile,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { endWithTest } from '../support/children.js';
import { runProgram } from '../support/run-program.js';

const built = (path: string): string =>
  fileURLToPath(new URL(`../../build/examples/${path}`, import.meta.url));
const program = built('ingest/main.js');
const SITES = ['shop.example', 'blog.example', 'api.example', 'docs.example'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const RECORDS = '12000';

let root: string;
/** Of a run that nobody disturbed. */
let undisturbed: Outputs;
let log: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ingest-'));
  const directory = join(root, 'undisturbed');
  log = join(directory, 'access.log');
  await finish(directory);
  undisturbed = await outputs(directory);
}, 120_000);

type Outputs = Record<string, string>;

/** Name and content. */
async function outputs(directory: string): Promise<Outputs> {
  const names = (await readdir(join(directory, 'out'))).filter((name) => name.endsWith('.ndjson'));
  const texts = names.map(async (name) => [name, await readFile(join(directory, 'out', name), 'utf8')]);
  return Object.fromEntries(await Promise.all(texts));
}

/** What is to be in them, without threads, files and pieces. */
function expected(text: string): Outputs {
  const all: Outputs = Object.fromEntries([...SITES, 'rejected'].map((name) => [`${name}.ndjson`, '']));
  for (const line of text.split('\n').slice(0, -1)) {
    const record = recordOf(line);
    const name = `${record === undefined ? 'rejected' : line.split(' ')[0]}.ndjson`;
    all[name] += `${record === undefined ? line : JSON.stringify(record)}\n`;
  }
  return all;
}

function recordOf(line: string): object | undefined {
  const [before, request, numbers, , , agent, after] = line.split('"');
  const [site, client, , , date] = before!.split(' ');
  if (after !== '' || !SITES.includes(site!)) return undefined;
  const [, day, month, year, hours, minutes, seconds] =
    /(\d+).(\w+).(\d+):(\d+):(\d+):(\d+)/.exec(date!) ?? [];
  if (!MONTHS.includes(month!)) return undefined;
  const time = [Number(year), MONTHS.indexOf(month!), Number(day), Number(hours), Number(minutes)] as const;
  const [method, path] = request!.split(' ');
  const [, status, bytes] = numbers!.split(' ');
  return {
    time: new Date(Date.UTC(...time, Number(seconds))).toISOString(),
    client: pbkdf2Sync(client!, 'not a secret in an example', 200, 8, 'sha256').toString('hex'),
    method,
    path: path === '/100%' ? path : decodeURI(path!),
    status: Number(status),
    bytes: Number(bytes),
    agent: agent!.includes('iPhone') ? 'phone' : /Bot|curl/.test(agent!) ? 'program' : 'browser',
  };
}

/** A directory as the undisturbed run left it. */
async function finishedDirectory(name: string): Promise<string> {
  const directory = join(root, name);
  await cp(join(root, 'undisturbed'), directory, { recursive: true });
  return directory;
}

/** A directory with the log in it. */
async function directoryWithLog(name: string): Promise<string> {
  const directory = join(root, name);
  await mkdir(join(directory, 'out'), { recursive: true });
  await copyFile(log, join(directory, 'access.log'));
  return directory;
}

async function finish(directory: string): Promise<void> {
  const { code, errors } = await runProgram(program, ['--directory', directory, '--records', RECORDS]);
  expect(errors).toMatch(/^100 % of/m);
  expect(code).toBe(0);
}

/**
 * Runs it, and sends a signal when it has changed its outputs and checkpoint so many times. Returns how it ended, and
 * what it complained of.
 */
async function disturb(
  directory: string,
  signal: NodeJS.Signals,
  changes: number,
): Promise<{ end: number | string | null; errors: string }> {
  const run = endWithTest(spawn(process.execPath, [program, '--directory', directory]));
  const closed = once(run, 'close');
  let errors = '';
  run.stdout.resume();
  run.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  let left = changes;
  const watcher = watch(join(directory, 'out'), () => {
    if (left-- === 0) run.kill(signal);
  });
  const [code, by] = await closed;
  watcher.close();
  return { end: by ?? code, errors };
}

interface Position {
  readonly readTo: number;
  readonly size: number;
  readonly records: number;
}

const checkpointOf = (directory: string): string => join(directory, 'out', 'checkpoint.json');

async function positions(directory: string): Promise<Record<string, Position>> {
  const path = checkpointOf(directory);
  return existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : {};
}

it('ingest writes what a plain loop over the log would write', async () => {
  expect(undisturbed).toEqual(expected(await readFile(log, 'utf8')));
});

describe.concurrent('ingest', { timeout: 180_000 }, () => {
  it('makes the same log again from the same seed', async () => {
    const text = await readFile(log, 'utf8');
    expect(text.split('\n')).toHaveLength(Number(RECORDS) + 1);
    const made = async (name: string, seed: string): Promise<string> => {
      const directory = join(root, name);
      await runProgram(program, ['--directory', directory, '--records', '1000', '--seed', seed]);
      return readFile(join(directory, 'access.log'), 'utf8');
    };
    expect(text.startsWith(await made('same-seed', '1'))).toBe(true);
    expect(text.startsWith(await made('other-seed', '2'))).toBe(false);
  });

  it('killed again and again, in the middle of its writes, ends with the same bytes', async () => {
    let torn = 0;
    // Until a kill has come between a write and its note.
    for (let round = 0; torn === 0; round++) {
      const directory = await directoryWithLog(`killed-${round}`);
      const moments: number[] = [];
      for (let kill = 0; kill < 6; kill++) {
        moments.push(Math.floor(Math.random() * 20));
        const { end } = await disturb(directory, 'SIGKILL', moments.at(-1)!);
        expect(end, `after ${moments} changes`).toBe('SIGKILL');
        // What the checkpoint tells of is there, whatever came after it.
        const now = await outputs(directory);
        for (const [output, { size }] of Object.entries(await positions(directory))) {
          const name = `${output}.ndjson`;
          const bytes = Buffer.from(now[name]!);
          const noted = Buffer.from(undisturbed[name]!).subarray(0, size);
          expect(bytes.subarray(0, size).equals(noted), `${name} after ${moments} changes`).toBe(true);
          if (bytes.length > size) torn++;
        }
      }
      await finish(directory);
      expect(await outputs(directory), `after ${moments} changes`).toEqual(undisturbed);
    }
  });

  it('killed while it makes its log, makes it anew', async () => {
    const directory = join(root, 'no-log');
    await mkdir(directory);
    const args = [program, '--directory', directory, '--records', '5000000'];
    const run = endWithTest(spawn(process.execPath, args, { stdio: 'ignore' }));
    const watcher = watch(directory, () => run.kill('SIGKILL'));
    await once(run, 'close');
    watcher.close();
    expect(existsSync(join(directory, 'access.log'))).toBe(false);
    await finish(directory);
    expect(await outputs(directory)).toEqual(undisturbed);
  });

  it('stops on Ctrl-C, and goes on where it was', async () => {
    const directory = await directoryWithLog('stopped');
    for (const changes of [0, 15, 25]) {
      const { end, errors } = await disturb(directory, 'SIGINT', changes);
      expect(end).toBe(130);
      expect(errors).toMatch(/^(\d+ % of .*\n)*\nstopped; run it again to go on\n(\d+ % of .*\n)*\n?$/);
    }
    await finish(directory);
    expect(await outputs(directory)).toEqual(undisturbed);
  });

  it('cuts off what was appended and not noted', async () => {
    const directory = await directoryWithLog('torn');
    await disturb(directory, 'SIGINT', 20);
    for (const name of Object.keys(undisturbed))
      await appendFile(join(directory, 'out', name), '{"time":"20');
    await writeFile(`${checkpointOf(directory)}.shop.example`, '{"shop.exam');
    await finish(directory);
    expect(await outputs(directory)).toEqual(undisturbed);
  });

  it('takes what the log has more, for outputs that are not all as far, and leaves a line that is not ended', async () => {
    const directory = await finishedDirectory('grown');
    const { 'api.example': _, ...others } = await positions(directory);
    await writeFile(checkpointOf(directory), JSON.stringify(others));
    const grown = [
      'api.example 1.2.3.4 - - [31/Dec/2025:23:59:59 +0000] "PUT /caf%C3%A9 HTTP/2" 201 7 "-" "curl/8"',
      'api.example 1.2.3.4 - - [31/Foo/2025:23:59:59 +0000] "PUT / HTTP/2" 201 7 "-" "curl/8"',
      '',
      `shop.example ${'x'.repeat(600_000)}`,
      'docs.example 1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "GET /100% HTTP/2" 200 7 "-" "iPhone Mobile"',
    ];
    await appendFile(join(directory, 'access.log'), grown.join('\n'));
    for (const more of ['', '\n']) {
      await appendFile(join(directory, 'access.log'), more);
      const { code } = await runProgram(program, ['--directory', directory]);
      expect(code).toBe(0);
      const whole = `${grown.slice(0, more === '' ? -1 : undefined).join('\n')}\n`;
      const added = expected(whole);
      const all = Object.entries(undisturbed).map(([name, text]) => [name, text + added[name]]);
      expect(await outputs(directory)).toEqual(Object.fromEntries(all));
    }
  });

  it('refuses an output or a log that has become shorter than the checkpoint says', async () => {
    const directory = await finishedDirectory('shorter');
    await truncate(join(directory, 'out', 'api.example.ndjson'), 100);
    const run = () => runProgram(program, ['--directory', directory]);
    const output = await run();
    expect(output.code).toBe(1);
    expect(output.errors).toMatch(
      /api\.example\.ndjson has 100 bytes, but the checkpoint tells of \d+: it was changed/,
    );
    await truncate(join(directory, 'access.log'), 200);
    const other = await run();
    expect(other.code).toBe(1);
    expect(other.errors).toMatch(
      /access\.log has 200 bytes, but the checkpoint tells of \d+: it is another log/,
    );
  });

  it('names a number that is none', async () => {
    const { code, errors } = await runProgram(program, [
      '--directory',
      join(root, 'bad'),
      '--records',
      'many',
    ]);
    expect(code).toBe(1);
    expect(errors).toContain("--records must be a whole number, got 'many'");
  });
});

describe.concurrent('example', { timeout: 60_000 }, () => {
  it('runs an application with its arguments, and ends as it does', async () => {
    const directory = join(root, 'by-name');
    const args = ['ingest', '--directory', directory, '--records'];
    const { code, lines } = await runProgram(built('example.js'), [...args, '100']);
    expect(code).toBe(0);
    expect(lines).toHaveLength(5);
    await rm(directory, { recursive: true });
    expect((await runProgram(built('example.js'), [...args, '-1'])).code).toBe(1);
  });

  it('names those there are when asked for another', async () => {
    const { code, errors } = await runProgram(built('example.js'), ['ingets']);
    expect(code).toBe(1);
    expect(errors).toBe(
      "There is no application 'ingets'. There are: ingest, jobs, monitor, machines-ingest, job-farm.\n",
    );
  });
});
