import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LanguageServer, type OpenFile } from '../support/language-server.js';

const root = join(import.meta.dirname, '../..');

const WAITS = ['acquire', 'acquireSync', 'hold', 'holdSync', 'name', 'release', 'toString', 'waiting'];
const OWNED = [...WAITS, 'locked', 'locked$', 'owner'];
const THREAD = (
  'cancel cancelled daemon ident isAlive isAlive$ join joinSync name nativeId output$ progress$ result run signal start ' +
  'state state$ stderr stdout terminate toString Symbol'
).split(' ');
/** For `[Symbol.dispose]` or `[Symbol.asyncDispose]`. */
const SYMBOL = 'Symbol';
const POOL = 'broadcast close map name piscina room room$ run stats stats$ warmUp warnings$ Symbol'.split(
  ' ',
);

/** By class: how one is made, and what a user may ask of it. */
const CLASSES: Record<string, readonly [made: string, members: readonly string[]]> = {
  Thread: ['new Thread()', THREAD],
  Timer: ['new Timer(10, () => 1)', [...THREAD, 'finished', 'interval']],
  ThreadPool: ['new ThreadPool()', POOL],
  ThreadLocal: ['new ThreadLocal(() => 1)', ['value']],
  Lock: ['new Lock()', OWNED],
  RLock: ['new RLock()', [...OWNED, 'count']],
  Condition: [
    'new Condition()',
    [...WAITS, 'lock', 'locked', 'notify', 'notifyAll', 'wait', 'waitFor', 'waitForSync', 'waitSync'],
  ],
  Semaphore: ['new Semaphore()', [...WAITS, 'value', 'value$']],
  BoundedSemaphore: ['new BoundedSemaphore()', [...WAITS, 'bound', 'value', 'value$']],
  Event: [
    'new Event()',
    'beginAt clear generation isSet isSet$ name set toString wait waitSync waiting'.split(' '),
  ],
  Barrier: [
    'new Barrier(2)',
    'abort broken broken$ nWaiting nWaiting$ name parties reset serve toString wait waitSync waiting'.split(
      ' ',
    ),
  ],
  Held: ['new Lock().holdSync()', ['release', 'released', SYMBOL]],
};
const names = Object.keys(CLASSES);
const lines = [
  `import { ${names.join(', ')} } from 'rxjs-threading';`,
  ...names.map((name) => `${CLASSES[name]?.[0]}.;`),
  ...names.map((name) => `new ${name}(`),
  ');new Lock().locked();',
];

describe('an editor', () => {
  const server = new LanguageServer();
  let file: OpenFile;

  beforeAll(async () => {
    // Inside the package, whose own name resolves to what it publishes.
    file = await server.open(join(root, 'build', 'editor.ts'), lines.join('\n'));
  }, 60_000);
  afterAll(() => server[Symbol.dispose]());

  it.each(names)('offers the public members of a %s, and no others', async (name) => {
    const line = 1 + names.indexOf(name);
    const character = (lines[line] ?? '').indexOf('.;') + 1;
    expect(await file.completionsAt({ line, character })).toEqual([...(CLASSES[name]?.[1] ?? [])].sort());
  });

  it.each(names)('shows the text and the example of %s where one is made', async (name) => {
    const source = readFileSync(join(root, 'dist/index.d.ts'), 'utf8');
    const hover = await file.hoverAt({ line: 1 + names.length + names.indexOf(name), character: 5 });
    const comment = new RegExp(
      `/\\*\\*\\n \\* ([^\\n]+)(?:(?!\\*/)[^])*\\*/\\ndeclare class ${name}\\b`,
    ).exec(source);
    expect(hover).toContain(comment?.[1]);
    expect(hover).toContain('@example');
  });

  it('goes from a name to its source', async () => {
    const line = lines.length - 1;
    const [place = ''] = await file.definitionsOf({ line, character: (lines[line] ?? '').indexOf('locked') });
    const [uri = '', at] = place.split('#');
    expect(fileURLToPath(uri)).toBe(join(root, 'src/primitives/owned-lock.ts'));
    expect(readFileSync(new URL(uri), 'utf8').split('\n')[Number(at)]).toBe('  locked(): boolean {');
  });
});
