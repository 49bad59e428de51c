import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { type Inspection, inspect, type MachineInfo, serveMonitor } from 'rxjs-threading/monitor';
import { describe, expect, it } from 'vitest';
import { page } from '../../src/monitor/top/page.js';
import { clip, padded, rendered, widthOf } from '../../src/monitor/top/spans.js';
import { summary } from '../../src/monitor/top/summary.js';
import { tables } from '../../src/monitor/top/tables.js';
import { FIRST_VIEW, pressed, type View } from '../../src/monitor/top/view.js';
import { count, duration, size } from '../../src/monitor/top/words.js';
import { pool, primitive } from '../browser/support/infos.js';
import { endWithTest } from '../support/children.js';
import { farm } from '../support/monitor/machine-farm.js';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/monitor/${name}`, import.meta.url));
/** What a terminal would obey, but for line breaks. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
const CONTROLS = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u2028\u2029\u202e]/;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end, or until what it has printed is enough. */
async function run(
  args: readonly string[],
  enough: (stdout: string) => boolean = () => false,
): Promise<Ended> {
  const child = endWithTest(spawn(process.execPath, [cli, ...args], { timeout: 30_000 }));
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (enough(stdout)) child.kill('SIGTERM');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

describe('rxjs-threading', () => {
  it('tells how it is called, and its version', async () => {
    expect((await run([])).stdout).toContain('rxjs-threading top [url]');
    expect((await run(['--help'])).stdout).toContain('top -- node app.js');
    expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['tpo'], "there is no command 'tpo'"],
    [['top', 'http://x/', 'y'], "top takes one URL, got 'http://x/ y'"],
    [['top', '--'], 'top -- needs a program'],
    [['top', 'http://x/', '--', 'node', 'a.js'], 'top takes a URL or a program'],
    [['top', '--', 'npm', 'start'], "top starts node, got 'npm'"],
    [['top', 'http://'], 'is no URL of a monitor'],
    [['top', '127.0.0.1:65533'], 'there is no monitor at http://127.0.0.1:65533/ (ECONNREFUSED)'],
    [['top', '--', 'node', fixture('no-such-file.js')], 'Cannot find module'],
  ])('says what is wrong with %j', async (args, why) => {
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toContain(why);
    expect(code).toBe(1);
    expect(stdout).toBe('');
  });

  it('prints the messages of a monitor, each as a line of JSON', async () => {
    await using monitor = await serveMonitor({ port: 0, host: 'localhost', token: 'secret token' });
    const refused = await run(['top', monitor.url, '--json']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('answers 401');
    const { stdout } = await run(['top', `${monitor.url}?token=secret+token`, '--json'], (text) =>
      text.includes('delta'),
    );
    const [first, second] = stdout.split('\n').map((line) => JSON.parse(line || 'null'));
    expect(first).toMatchObject({ kind: 'snapshot', now: { process: { pid: process.pid } } });
    expect(['delta', 'events']).toContain(second.kind);
  });

  it('starts a program with a monitor, and prints a line a second, in which names are text', async () => {
    const { stdout, stderr } = await run(['top', '--', 'node', fixture('bad-names.js')], (text) => {
      return text.split('\n').filter((line) => line.includes('waiting')).length > 2;
    });
    expect(stderr).toContain('on stdout');
    expect(stdout).not.toMatch(CONTROLS);
    expect(stdout).toContain('\\x1b[2J\\x1b[31mred 1/1 busy 0 queued');
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}\d+ threads: /);
    expect(stdout).toMatch(/ 7 waiting /);
  });

  it('prints JSON of which each line is one to any reader of lines, whatever the names', async () => {
    const { stdout } = await run(['top', '--json', '--', 'node', fixture('bad-names.js')], (text) => {
      return text.includes('separated') && text.includes('turned') && text.endsWith('\n');
    });
    expect(stdout).not.toMatch(CONTROLS);
    const messages = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(messages[0].kind).toBe('snapshot');
    const names = messages.flatMap(({ now: { threads = [] } = {}, threads: { set = [] } = {} }) =>
      [...threads, ...set].map(({ name }) => name),
    );
    expect(names).toContain('separated\u2028by\u2029lines \u009b31m');
  });

  it('prints lines on a terminal that obeys nothing', async () => {
    await using monitor = await serveMonitor({ port: 0 });
    const command = `TERM=dumb '${process.execPath}' '${cli}' top ${monitor.url}`;
    const terminal = endWithTest(spawn('script', ['-qec', command, '/dev/null'], { timeout: 30_000 }));
    let output = '';
    for await (const some of terminal.stdout.setEncoding('utf8')) {
      output += some;
      if (output.split('\r\n').length > 2) break;
    }
    terminal.kill();
    expect(output).toMatch(/^[\d:]+ {2}1 thread: /);
    expect(output.replaceAll('\r\n', '\n')).not.toMatch(CONTROLS);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'ctrl-c', 'ctrl-c in a dump'])(
    'leaves the terminal as it was when it ends by %s',
    async (by) => {
      await using monitor = await serveMonitor({ port: 0 });
      const command = `echo process $$; TERM=xterm exec '${process.execPath}' '${cli}' top ${monitor.url}`;
      const terminal = endWithTest(spawn('script', ['-qec', command, '/dev/null'], { timeout: 30_000 }));
      const closed = once(terminal, 'close');
      let output = '';
      let [seen, next] = ['MainThread', by === 'ctrl-c in a dump' ? 'd' : by];
      for await (const some of terminal.stdout.setEncoding('utf8')) {
        output += some;
        if (!output.includes(seen)) continue;
        const [, pid = ''] = /process (\d+)/.exec(output) ?? [];
        if (next.startsWith('SIG')) process.kill(Number(pid), next);
        else if (next !== '') terminal.stdin.write(next === 'd' ? 'd' : '\x03');
        [seen, next] = next === 'd' ? ['dump of', 'ctrl-c'] : [seen, ''];
      }
      expect(await closed).toEqual([0, null]);
      expect(output).toContain('\x1b[?1049h');
      expect(output.endsWith('\x1b[?7h\x1b[?25h\x1b[?1049l')).toBe(true);
    },
  );

  it('tells below the screen that it has left with what code the process has ended', async () => {
    const program =
      "import { serveMonitor } from 'rxjs-threading/monitor'; const { url } = await serveMonitor({ port: 0 }); " +
      "console.log(url); process.stdin.once('data', () => process.exit(7))";
    const watched = endWithTest(spawn(process.execPath, ['--input-type=module', '-e', program]));
    const [url] = await once(watched.stdout.setEncoding('utf8'), 'data');
    const command = `TERM=xterm exec '${process.execPath}' '${cli}' top ${url.trim()}`;
    const terminal = endWithTest(spawn('script', ['-qec', command, '/dev/null'], { timeout: 30_000 }));
    let output = '';
    for await (const some of terminal.stdout.setEncoding('utf8')) {
      output += some;
      if (output.includes('MainThread')) watched.stdin.end('end');
    }
    expect(output.endsWith('\x1b[?1049lthe process has ended with code 7\r\n')).toBe(true);
  });

  it('ends its program when nobody reads what it prints any more', async () => {
    const top = endWithTest(spawn(process.execPath, [cli, 'top', '--', 'node', fixture('bad-names.js')]));
    // Its program has the same stderr: that is closed once both are gone.
    const closed = once(top, 'close');
    await once(top.stdout, 'data');
    top.stdout.destroy();
    expect(await closed).toEqual([143, null]);
  });

  it('ends its program when it is told to end, also by a second signal', async () => {
    const args = ['top', '--json', '--', 'node', fixture('bad-names.js')];
    const top = endWithTest(spawn(process.execPath, [cli, ...args]));
    // Its program has the same stderr: that is closed once both are gone.
    const closed = once(top, 'close');
    await once(top.stdout, 'data');
    for (let signal = 0; signal < 5; signal++) {
      top.kill('SIGTERM');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(await closed).toHaveLength(2);
  });

  it('ends with its program, and its code', async () => {
    const { code } = await run(['top', '--', 'node', '-e', 'setTimeout(() => process.exit(7), 700)']);
    expect(code).toBe(7);
  });

  it('has the code of the signal that its program was killed with, as a shell has', async () => {
    const program = "setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300)";
    expect((await run(['top', '--', 'node', '-e', program])).code).toBe(137);
  });

  it.each(['process.exit(7)', 'process.exitCode = 7; setTimeout(() => {}, 30)'])(
    'has the code of a program that is over at once: %s',
    async (program) => {
      expect(await run(['top', '--', 'node', '-e', program])).toMatchObject({ code: 7, stderr: '' });
    },
  );
});

const now: Inspection = {
  ...inspect(),
  findings: [{ kind: 'stall', id: 's', since: 0, message: 'all \x1b[31mwait\nfor ever', waits: [] }],
};
const [main] = now.threads;
if (main === undefined) throw new Error('there is no thread');

function crowd(threads: number): Inspection {
  const rows = Array.from({ length: threads }, (_, n) => ({
    ...main,
    ident: n + 1,
    name: `thread ${n} ${'漢😀'.repeat(n % 30)}`,
  }));
  return { ...now, threads: rows as Inspection['threads'] };
}

/** As many locks and pools. */
function lists(): Pick<Inspection, 'primitives' | 'pools'> {
  const rows = Array.from({ length: 200 }, (_, id) => ({ id: id + 1, name: `one ${id}` }));
  return {
    primitives: rows.map((row) => primitive(row.id, row.name)),
    pools: rows.map((row) => pool(row.id, row.name)),
  };
}

const text = (moment: Inspection, view: View, rows: number, columns: number): string[] =>
  page(moment, view, { is: 'live' }, rows, columns).map((line) =>
    stripVTControlCharacters(rendered(line, columns, true)),
  );

describe('the screen of top', () => {
  it.each([
    [24, 80],
    [10, 40],
    [50, 200],
    [5, 10],
    [2, 1],
  ])('of %i rows and %i columns is never larger', (rows, columns) => {
    for (const threads of [1, 3, 200]) {
      const lines = text(crowd(threads), FIRST_VIEW, rows, columns);
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) {
        expect(widthOf(line)).toBeLessThanOrEqual(columns);
        expect(line).not.toMatch(CONTROLS);
      }
    }
  });

  it.each([
    [5, 20],
    [10, 40],
    [12, 80],
  ])('of %i rows and %i columns has room for rows of the table that is chosen', (rows, columns) => {
    const moment = { ...crowd(200), ...lists() };
    for (let view = FIRST_VIEW; view.table < 3; view = pressed(view, 'right', tables(moment))) {
      const lines = text(moment, view, rows, columns);
      const head = lines.findIndex((line) => line.startsWith('▸'));
      expect(lines[head]).toMatch(/▸[A-Z]+ 1-\d+ of 200/);
      for (const line of lines.slice(head + 1, head + 4)) expect(line.trim()).not.toBe('');
    }
  });

  it('counts those that live, and has those that have just ended among its rows', () => {
    const ended = ['stopped', 'dead', 'running'].map((activity, n) => ({ ...main, ident: n + 1, activity }));
    const moment = { ...now, threads: ended as Inspection['threads'] };
    const lines = text(moment, FIRST_VIEW, 24, 120);
    expect(lines.filter((line) => line.startsWith(' 1 thread  1 running  1 dead '))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('THREADS 3'))).toHaveLength(1);
    expect(summary(moment)).toContain('  1 thread: 1 running 1 dead ');
  });

  it('of 20 columns tells which thread each row is', () => {
    const threads = ['import', 'report', 'mail'].map((name, n) => ({ ...main, ident: n + 1, name }));
    const lines = text({ ...crowd(200), threads }, FIRST_VIEW, 5, 20);
    expect(lines.slice(-3)).toEqual([
      expect.stringContaining('import'),
      expect.stringContaining('report'),
      expect.stringContaining('mail'),
    ]);
  });

  it.each([14, 16, 18])('of %i rows has no head of a table without a row of it', (rows) => {
    const moment = { ...crowd(200), ...lists(), findings: [] };
    for (let view = FIRST_VIEW; view.table < 3; view = pressed(view, 'right', tables(moment))) {
      const heads = text(moment, view, rows, 80).filter((line) => /^.(THREADS|LOCKS|POOLS) /.test(line));
      expect(heads.length).toBeGreaterThan(0);
      for (const head of heads) expect(head).toMatch(/^.[A-Z]+ \d+-\d+ of 200/);
    }
  });

  it('shows machines, the sessions of which can be chosen as idents can', () => {
    const [shop] = farm().namespaces;
    if (shop === undefined) throw new Error('there is no namespace');
    const [first, ...others] = shop.machines as [MachineInfo, ...MachineInfo[]];
    const machines = [{ ...first, name: 'api\x1b[2J' }, ...others];
    const moment = { ...now, namespaces: [{ ...shop, machines, seen: now.time }] };
    const all = text(moment, FIRST_VIEW, 40, 160);
    const head = all.findIndex((line) => line.includes('MACHINES 5'));
    expect(all[head + 1]).toMatch(
      /^ api\\x1b\[2J \(this\) .*web-1, 41207 .*! prices .*stock, payment-gateway/,
    );
    for (const line of all) expect(line).not.toMatch(CONTROLS);
    let view = FIRST_VIEW;
    for (let n = 0; n < 3; n++) view = pressed(view, 'right', tables(moment));
    view = pressed(pressed(view, 'down', tables(moment)), 'down', tables(moment));
    expect(view).toMatchObject({ table: 3, chosen: [undefined, undefined, undefined, 'shop b'] });
    expect(text(moment, view, 40, 160).at(-2)).toContain('prices has token 1764123456789052');
    view = pressed(view, 's', tables(moment));
    expect(text(moment, view, 40, 160).filter((line) => /, (7|41207|1120) /.test(line))).toEqual([
      expect.stringContaining('api'),
      expect.stringContaining('billing'),
      expect.stringContaining('nightly-report'),
    ]);
  });

  it('shows findings first, and names as text', () => {
    const lines = text(now, FIRST_VIEW, 24, 120);
    expect(lines[0]).toContain('● live');
    expect(lines[2]).toBe(' ◆ all \\x1b[31mwait\\x0afor ever');
    expect(lines.some((line) => line.includes('MainThread'))).toBe(true);
  });

  it('tells how old it is once the connection is lost', () => {
    const shown = (status: Parameters<typeof page>[2]): string =>
      rendered(page(now, FIRST_VIEW, status, 24, 120)[0] ?? [], 120, false);
    expect(shown({ is: 'lost', heard: now.time + 61_000 })).toContain('■ lost, this is 1m 01s old');
  });

  it('keeps the row that is chosen in sight, whatever the order', () => {
    const moment = crowd(200);
    let view = FIRST_VIEW;
    for (let n = 0; n < 150; n++) view = pressed(view, 'down', tables(moment));
    const chosen = view.chosen[0];
    const has = (at: View): boolean =>
      text(moment, at, 24, 80).some((line) => line.includes(`thread ${Number(chosen) - 1} `));
    expect(has(view)).toBe(true);
    expect(has(pressed(view, 's', tables(moment)))).toBe(true);
    expect(pressed(pressed(view, 'up', tables(moment)), 'down', tables(moment)).chosen).toEqual(view.chosen);
    expect(pressed(view, 'right', tables(moment)).table).toBe(1);
    expect(pressed(view, 'left', tables(moment)).table).toBe(0);
  });
});

describe('the words of top', () => {
  it('are short', () => {
    expect([0, 0.42, 12, 999.6, 3400, 59_960, 125_000, 12_000_000].map(duration)).toEqual([
      '0.0 ms',
      '0.4 ms',
      '12 ms',
      '1.0 s',
      '3.4 s',
      '1m 00s',
      '2m 05s',
      '3h 20m',
    ]);
    expect([999, 12_345, 4_500_000].map(count)).toEqual(['999', '12.3k', '4.5M']);
    expect([812_000, 143_000_000, 1_200_000_000].map(size)).toEqual(['812 kB', '143 MB', '1.2 GB']);
  });

  it('take the columns that a terminal gives them', () => {
    expect([widthOf('abc'), widthOf('漢字'), widthOf('😀'), widthOf('é'), widthOf('e\u0301')]).toEqual([
      3, 4, 2, 1, 1,
    ]);
    expect(['한글', '한글'.normalize('NFD')].map(widthOf)).toEqual([4, 4]);
    expect(['ﾊﾝｶｸ', 'ㄅㄆㄇ', '🇩🇪', '\ufeffbom', '￥'].map(widthOf)).toEqual([4, 6, 2, 3, 2]);
    expect(clip('漢字漢字', 5)).toBe('漢字…');
    expect(padded('漢字漢字', 6)).toBe('漢字… ');
    expect(padded('7', 3, 'right')).toBe('  7');
    expect(clip('abc', 0)).toBe('');
  });
});
