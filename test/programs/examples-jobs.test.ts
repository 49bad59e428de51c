import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { endWithTest } from '../support/children.js';
import { decodePng } from '../support/png.js';

const built = (file: string): string =>
  fileURLToPath(new URL(`../../build/examples/jobs/${file}`, import.meta.url));
const fileOf = (frame: number): string => `frame-${String(frame).padStart(4, '0')}.png`;
/** What the bar may say where there is no terminal. */
const LINE =
  /^ {0,2}\d{1,3}% (\d+\/\d+ \d+\/s ETA [\d?]+s busy \d+\/\d+ queued \d+ failed \d+ retried \d+|of the contact sheet)$/;

const directory = (): Promise<string> => mkdtemp(join(tmpdir(), 'out-'));

interface Run {
  readonly stdin: (text: string) => void;
  readonly interrupt: () => boolean;
  readonly ended: Promise<{ code: number; summary: string[]; lines: string[]; screen: string }>;
}

/** Nobody ends it but itself, unless it hangs. */
function start(command: string, ...args: string[]): Run {
  // Kills what hangs, before the test's own end does.
  const program = endWithTest(spawn(command, args, { timeout: 50_000 }));
  let output = '';
  let errors = '';
  program.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  program.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return {
    stdin: (text) => program.stdin.write(text),
    interrupt: () => program.kill('SIGINT'),
    ended: once(program, 'close').then(([code, signal]) => ({
      code: code ?? signal,
      summary: output.split('\n').slice(0, -1),
      lines: errors.split('\n').slice(0, -1),
      screen: output,
    })),
  };
}

const startJobs = (jobs: number, out: string): Run =>
  start(process.execPath, built('main.js'), '--jobs', String(jobs), '--threads', '2', '--out', out);

/** That many files are there: the program is in the middle of it. */
async function written(out: string, count: number): Promise<void> {
  while ((await readdir(out)).filter((name) => name.endsWith('.png')).length < count)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The same as the jobs do, the slow way. */
function expectedPixels(ppm: Uint8Array): number[] {
  const [width, height] = [192, 144];
  const pixels = ppm.subarray(ppm.length - width * height * 3);
  const at = (image: ArrayLike<number>, x: number, y: number, color: number): number =>
    image[(y * width + x) * 3 + color]!;
  const near = (middle: number, end: number): number[] =>
    [-2, -1, 0, 1, 2].map((by) => middle + by).filter((one) => one >= 0 && one < end);
  const mean = (values: number[]): number =>
    Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
  const each = (w: number, h: number, value: (x: number, y: number, color: number) => number): number[] =>
    Array.from({ length: w * h * 3 }, (_, i) => value(Math.floor(i / 3) % w, Math.floor(i / 3 / w), i % 3));
  const across = each(width, height, (x, y, color) =>
    mean(near(x, width).map((one) => at(pixels, one, y, color))),
  );
  const blurred = each(width, height, (x, y, color) =>
    mean(near(y, height).map((one) => at(across, x, one, color))),
  );
  const square = Array.from({ length: 16 }, (_, i) => [i % 4, Math.floor(i / 4)] as const);
  return each(width / 4, height / 4, (x, y, color) =>
    mean(square.map(([dx, dy]) => at(blurred, x * 4 + dx, y * 4 + dy, color))),
  );
}

describe.concurrent('the job runner', { timeout: 60_000 }, () => {
  it('retries what fails in passing, tells of what fails for good, and exits with 1', async () => {
    const out = await directory();
    const { code, summary, lines } = await startJobs(160, out).ended;
    for (const line of lines) expect(line).toMatch(LINE);
    expect(code).toBe(1);
    expect(summary[0]).toMatch(/^156 of 160 jobs done in \d+\.\d s, \d+ kB written$/);
    // Of the 23 whose store is busy at first, 12 find it so twice and 11 once. Of these 11, frame 52 is cut off and
    // has no second try, and frame 150 fails thrice before it fails for good. The worker of frame 60 crashes.
    expect(summary.slice(1, 5)).toEqual([
      `${12 * 2 + 9 + 3 + 1} attempts failed and were made again`,
      '4 jobs failed for good',
      '  3 x CutOffError, as frame 52: the file ends after 4081 of 82944 bytes of pixels',
      '  1 x StoreBusyError, as frame 150: the store is busy (attempt 4)',
    ]);
    expect(summary[5]).toMatch(/^run time {2}p50 [\d.]+ ms, p99 [\d.]+ ms, longest [\d.]+ ms$/);
    expect(summary[6]).toMatch(/^wait time p50 [\d.]+ ms, p99 [\d.]+ ms, longest [\d.]+ ms$/);
    expect(summary[7]).toBe(`pictures in ${out}, all of them in sheet.png`);
    const failed = [52, 105, 150, 158];
    const names = Array.from({ length: 160 }, (_, frame) => frame)
      .filter((frame) => !failed.includes(frame))
      .map(fileOf);
    expect((await readdir(out)).sort()).toEqual([...names, 'sheet.png']);
  });

  it('writes each thumbnail as it would be computed one by one, and all of them on a sheet', async () => {
    const out = await directory();
    const { code, summary, lines } = await startJobs(20, out).ended;
    expect(code).toBe(0);
    expect(summary[0]).toMatch(/^20 of 20 jobs done/);
    expect(summary[2]).toBe('0 jobs failed for good');
    expect(lines.at(-1)).toBe('100% of the contact sheet');
    const { record } = (await import(built('camera.js'))) as { record: (frame: number) => Uint8Array };
    const sheet = decodePng(await readFile(join(out, 'sheet.png')));
    expect([sheet.width, sheet.height]).toEqual([5 * 48, 4 * 36]);
    for (let frame = 0; frame < 20; frame++) {
      const { width, height, pixels } = decodePng(await readFile(join(out, fileOf(frame))));
      expect([width, height]).toEqual([48, 36]);
      // Computed one by one it takes its time.
      if (frame % 4 === 0) expect([...pixels]).toEqual(expectedPixels(record(frame)));
      for (let y = 0; y < 36; y++) {
        const at = ((Math.floor(frame / 5) * 36 + y) * 5 + (frame % 5)) * 48 * 3;
        const line = pixels.subarray(y * 48 * 3, (y + 1) * 48 * 3);
        expect(sheet.pixels.subarray(at, at + 48 * 3).equals(line)).toBe(true);
      }
    }
  });

  it('stops on SIGINT with a summary of what was done, and leaves nothing half written', async () => {
    const out = await directory();
    const run = startJobs(2400, out);
    await written(out, 30);
    run.interrupt();
    const { code, summary, lines } = await run.ended;
    expect(code).toBe(130);
    for (const line of lines) expect(line).toMatch(LINE);
    const figure = (pattern: RegExp): number => Number(pattern.exec(summary.join('\n'))?.[1]);
    const done = figure(/^(\d+) of 2400 jobs done/);
    expect(done + figure(/(\d+) jobs failed/) + figure(/(\d+) jobs were not done: interrupted/)).toBe(2400);
    const names = await readdir(out);
    // Of the two that ran, one may have been written in the very moment of the signal.
    expect(names.length).toBeGreaterThanOrEqual(done);
    expect(names.length).toBeLessThanOrEqual(done + 2);
    for (const name of names) {
      expect(name).toMatch(/^frame-\d{4}\.png$/);
      expect(decodePng(await readFile(join(out, name))).pixels).toHaveLength(48 * 36 * 3);
    }
  });

  it('ends at once when it is interrupted again and again', async () => {
    const out = await directory();
    const run = startJobs(2400, out);
    await written(out, 1);
    const again = setInterval(() => run.interrupt(), 1);
    const { code } = await run.ended;
    clearInterval(again);
    expect(code).toBe(130);
  });

  it.each([
    [['--jobs', '0'], "--jobs must be a whole number from 1 to 9999, got '0'"],
    [['--threads', 'two'], "--threads must be a whole number from 1 to 9999, got 'two'"],
    [['--job', '1'], "Unknown option '--job'"],
  ])('refuses %j with 2', async (args, message) => {
    const { code, summary, lines } = await start(process.execPath, built('main.js'), ...args).ended;
    expect(code).toBe(2);
    expect(summary).toEqual([]);
    expect(lines.join('\n')).toContain(message);
  });

  // The pseudo terminal of util-linux.
  if (process.platform === 'linux') {
    const inTerminal = (jobs: number, out: string): Run => {
      const command = `stty cols 80 && exec ${process.execPath} ${built('main.js')} --jobs ${jobs} --out ${out}`;
      return start('script', '-qec', command, '/dev/null');
    };

    it('draws its bar in place on a terminal', async () => {
      const { code, screen } = await inTerminal(40, await directory()).ended;
      expect(code).toBe(0);
      const [drawn, ...rest] = screen.split('\r\n');
      const bars = drawn!.split('\r').slice(1);
      expect(bars.length).toBeGreaterThan(2);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those that are sent
      for (const bar of bars) expect(bar).toMatch(/^(\[#*-*\] )? *\d+% [^\x00-\x1f]*\x1b\[K$/);
      for (const bar of bars) expect(bar.length).toBeLessThan(80 + '\x1b[K'.length);
      expect(bars.at(-1)).toBe(`[${'#'.repeat(40)}] 100% of the contact sheet\x1b[K`);
      expect(rest[0]).toMatch(/^40 of 40 jobs done/);
    });

    it('stops on Ctrl-C', async () => {
      const out = await directory();
      const run = inTerminal(2400, out);
      await written(out, 10);
      run.stdin('\x03');
      const { code, screen } = await run.ended;
      expect(code).toBe(130);
      expect(screen).toMatch(/\r\n\d+ jobs were not done: interrupted\r\n/);
    });
  }
});
