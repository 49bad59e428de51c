import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Ended, runProgram } from '../support/run-program.js';

/** Files of examples/ that are no programs to be shown. */
const OTHERS = ['demo', 'example', 'pace', 'say'];
const programs = readdirSync(new URL('../../examples', import.meta.url))
  .filter((file) => /^[\w-]+\.ts$/.test(file))
  .map((file) => file.replace('.ts', ''))
  .filter((name) => !OTHERS.includes(name));

function run(name: string, pace: number, ...args: string[]): Promise<Ended> {
  const file = fileURLToPath(new URL(`../../build/examples/${name}.js`, import.meta.url));
  return runProgram(file, args, { EXAMPLES_PACE: String(pace) });
}

async function linesOf(name: string, pace: number): Promise<string[]> {
  const { code, lines, errors } = await run(name, pace);
  expect(errors).toBe('');
  expect(code).toBe(0);
  return lines;
}

/** On a busy machine a thread may come too late to have its say: then again, slower. */
async function linesWith(name: string, text: string): Promise<string[]> {
  for (const pace of [0.3, 1, 3]) {
    const lines = await linesOf(name, pace);
    if (lines.some((line) => line.includes(text))) return lines;
  }
  throw new Error(`${name} never printed '${text}'`);
}

/** Threads are shown with idents of their own: A, B, ... in the order they come. */
function withLetters(lines: readonly string[]): string[] {
  const letters = new Map<string, string>();
  return lines.map((line) =>
    line.replace(/\b\d{4,}\b/g, (ident) => {
      const letter = letters.get(ident) ?? String.fromCharCode(65 + letters.size);
      letters.set(ident, letter);
      return letter;
    }),
  );
}

const starting = (prefix: string, lines: readonly string[]): string[] =>
  lines.filter((line) => line.startsWith(prefix));

describe.concurrent('an example', { timeout: 60_000 }, () => {
  it('first-thread: the thread is told of, and prints while main waits', async () => {
    expect(withLetters(await linesOf('first-thread', 0.1))).toEqual([
      '<_MainThread(MainThread, started A)>',
      '<_MainThread(MainThread, started A)>',
      'A',
      '[<_MainThread(MainThread, started A)>, <Thread(Thread-1 (running), started B)>]',
      '2',
      'Thread running 1   <Thread(Thread-1 (running), started B)>',
      'Thread running 2   <Thread(Thread-1 (running), started B)>',
      'Thread running 3   <Thread(Thread-1 (running), started B)>',
    ]);
  });

  it('daemon: the program ends with the thread that is none', async () => {
    const lines = (await linesWith('daemon', 'daemon')).map((line) => line.replace(/\d{4,}/, 'IDENT'));
    const daemon = lines.filter((line) => line.includes('daemon'));
    const other = lines.filter((line) => !line.includes('daemon'));
    expect(other).toEqual(
      [1, 2, 3, 4, 5].map((count) => `Thread running ${count}   <Thread(Thread-2 (running), started IDENT)>`),
    );
    expect(daemon).toEqual(
      daemon.map(
        (_, index) => `Thread running ${index + 1}   <Thread(Thread-1 (running), started daemon IDENT)>`,
      ),
    );
  });

  it.each([1, 2, 3])('bank: the final money is always 5000000 (%i)', async () => {
    const lines = await linesOf('bank', 1);
    expect(lines.at(-1)).toBe('final money: 5000000');
    for (const line of lines.slice(0, -1)) {
      expect(line).toMatch(/^check money: -?\d+$/);
      expect(Math.abs(Number(line.slice('check money: '.length)) % 50)).toBe(0);
    }
  });

  it('rlock: nobody gets in before the outermost release', async () => {
    const lines = await linesWith('rlock', 'tring');
    const others = lines.filter((line) => line !== 'tring to aquire rl');
    expect(others.slice(0, 5)).toEqual([
      'aquire first',
      'aquire second',
      'aquire third',
      'release third',
      'release second',
    ]);
    // The lock is free before the thread says so.
    expect(others.slice(5).sort()).toEqual(['release first', 'rl aquired']);
    expect(lines.lastIndexOf('tring to aquire rl')).toBeLessThan(lines.indexOf('rl aquired'));
    expect(lines.indexOf('tring to aquire rl')).toBeGreaterThan(0);
  });

  it('event-gate: five are collected between two releases, and nothing while the gate is shut', async () => {
    const collecting = [0, 200, 400, 600, 800].map((goods) => `collecting   ${goods}`);
    const release = [
      ...collecting,
      'close the gate and release goods',
      "Wating the gate's opening",
      'goods empty, open the gate',
    ];
    expect(await linesOf('event-gate', 0.7)).toEqual([
      ...release,
      ...release,
      ...collecting,
      'close the gate and release goods',
      'Mission done, collecting process stop.',
      'goods empty, open the gate',
      'Mission done, release process stop..',
    ]);
  });

  it('condition: each item is taken once, after it was made', async () => {
    const lines = await linesOf('condition', 0.1);
    const items = [1, 2, 3, 4, 5, 6];
    expect(lines).toHaveLength(12);
    expect(starting('made', lines)).toEqual(items.map((item) => `made item ${item}`));
    for (const item of items) {
      const taken = starting(`took item ${item},`, lines);
      expect(taken).toHaveLength(1);
      expect(lines.indexOf(taken[0]!)).toBeGreaterThan(lines.indexOf(`made item ${item}`));
    }
    for (const form of ['in a while loop', 'by waitFor']) {
      const taken = lines.filter((line) => line.endsWith(form));
      expect(taken).toHaveLength(3);
      expect(taken).toEqual(taken.toSorted());
    }
  });

  it('timer: says hello after the interval', async () => {
    const start = performance.now();
    expect(await linesOf('timer', 0.5)).toEqual([
      'after 1 seconds, "hello, world" will be printed',
      'hello, world',
    ]);
    expect(performance.now() - start).toBeGreaterThan(500);
    const { lines } = await run('timer', 0.01, '30');
    expect(lines).toEqual(['after 30 seconds, "hello, world" will be printed', 'hello, world']);
  });

  it('barrier: the client finds the server listening', async () => {
    const lines = await linesOf('barrier', 0.1);
    expect(lines).toHaveLength(7);
    expect(lines[0]).toBe('server: started');
    expect(starting('server', lines).slice(1)).toEqual(
      [1, 2, 3].map((count) => `server: processed connection ${count}`),
    );
    expect(starting('client', lines)).toEqual([1, 2, 3].map((count) => `client: got answer ${count}`));
  });

  it('with-statement: what is entered is released, in each form', async () => {
    const expected = ['Lock', 'RLock', 'Condition', 'Semaphore', 'BoundedSemaphore'].flatMap((name) => [
      `${name}, using: acquired`,
      `${name}, after using: released`,
      `${name}, await using: acquired`,
      `${name}, after await using: released`,
      `${name}, try: acquired`,
      `${name}, after finally: released`,
    ]);
    expect(await linesOf('with-statement', 1)).toEqual(expected);
  });

  it('progress-bar: grows by a twentieth at a time, and is full before the result', async () => {
    const { code, lines, errors } = await run('progress-bar', 1, '100000');
    expect(errors).toBe('');
    expect(code).toBe(0);
    const twentieths = Array.from({ length: 20 }, (_, index) => index + 1);
    expect(lines).toEqual([
      ...twentieths.map((done) => `[${'##'.repeat(done)}${'--'.repeat(20 - done)}] ${done * 5}%`),
      '9592 primes below 100000',
    ]);
  });
});

describe.concurrent('the demo', { timeout: 60_000 }, () => {
  it('runs all, one after another', async () => {
    const { code, lines, errors } = await run('demo', 1, '--fast');
    expect(errors).toBe('');
    expect(code).toBe(0);
    const shown = programs.map((name) => `── ${name} ──`);
    expect(starting('──', lines).toSorted()).toEqual(shown.toSorted());
    expect(lines).toContain('final money: 5000000');
  });

  it('runs one, with its arguments', async () => {
    const { code, lines } = await run('demo', 0.1, 'timer', '2');
    expect(code).toBe(0);
    expect(lines).toEqual([
      '',
      '── timer ──',
      'after 2 seconds, "hello, world" will be printed',
      'hello, world',
    ]);
  });

  it('names those there are when asked for another', async () => {
    const { code, lines, errors } = await run('demo', 1, 'blank');
    expect(code).toBe(1);
    expect(lines).toEqual([]);
    expect(errors).toMatch(/^There is no program 'blank'\. There are: first-thread, .*, progress-bar\.\n$/);
  });
});
