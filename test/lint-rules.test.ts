import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** One statement a file: what it imports or names, and the rule that reports it, or none. */
const cases: [file: string, code: string, rule: string | null][] = [
  ['src/errors.ts', "import './primitives/lock.js';", 'noRestrictedImports'],
  ['src/primitives/a.ts', "import '../pool/thread.js';", 'noRestrictedImports'],
  ['src/primitives/b.ts', "import '../operators/with-lock.js';", 'noRestrictedImports'],
  ['src/primitives/c.ts', "import '../index.js';", 'noRestrictedImports'],
  ['src/primitives/d.ts', "import './../pool/thread.js';", 'noRestrictedImports'],
  ['src/primitives/e.ts', "export type * from '../pool/thread.js';", 'noRestrictedImports'],
  ['src/primitives/f.ts', "export const late = import('../pool/thread.js');", 'noRestrictedImports'],
  ['src/primitives/g.ts', "export type Late = import('../pool/thread.js').Thread;", 'plugin'],
  ['src/primitives/h.ts', "import 'rxjs-threading';", 'noRestrictedImports'],
  ['src/primitives/ok.ts', "import '../errors.js';\nimport './word.js';\nimport 'rxjs';", null],
  ['src/pool/a.ts', "import '../operators/with-lock.js';", 'noRestrictedImports'],
  ['src/pool/b.ts', "import '../index.js';", 'noRestrictedImports'],
  ['src/pool/c.ts', "import 'piscina';", 'noRestrictedImports'],
  ['src/pool/d.ts', "export type { Piscina } from 'piscina';", 'noRestrictedImports'],
  ['src/pool/ok.ts', "import '../errors.js';\nimport '../primitives/lock.js';\nimport './piscina.js';", null],
  ['src/pool/piscina.ts', "import 'piscina';\nimport '../errors.js';", null],
  ['src/operators/a.ts', "import '../index.js';", 'noRestrictedImports'],
  ['src/operators/b.ts', "import 'piscina';", 'noRestrictedImports'],
  ['src/operators/ok.ts', "import '../pool/thread.js';\nimport '../primitives/lock.js';", null],
  ['src/index.ts', "export * from './errors.js';\nexport * from './operators/with-lock.js';", null],

  ['src/primitives/word.ts', 'export const cell = Atomics.load(new Int32Array(1), 0);', null],
  ['src/primitives/i.ts', 'export const cell = Atomics.load(new Int32Array(1), 0);', 'noRestrictedGlobals'],
  ['src/primitives/j.ts', 'export type Cells = Int32Array<SharedArrayBuffer>;', 'noRestrictedGlobals'],
  ['src/pool/e.ts', 'export const atomics = globalThis.Atomics;', 'plugin'],

  ['src/pool/f.ts', "console.log('printed');", 'noConsole'],
  ['src/pool/g.ts', 'export const loose = (value: any) => value;', 'noExplicitAny'],
  ['src/pool/h.ts', 'export default class Thread {}', 'noDefaultExport'],
  ['src/pool/i.ts', 'export enum State {\n  IDLE,\n}', 'noEnum'],
  [
    'src/pool/j.ts',
    "import { Observable } from 'rxjs';\n\nexport type Stream = Observable<number>;",
    'useImportType',
  ],
];

let folder: string;
let reported: Map<string, string[]>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint-rules-'));
  for (const file of ['biome.json', 'biome-src.grit']) cpSync(join(root, file), join(folder, file));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [file, code] of cases) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${code}\n`);
  }
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const run = spawnSync(
    process.execPath,
    [biome, 'lint', '--reporter=json', '--max-diagnostics=none', 'src'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  const { diagnostics } = JSON.parse(run.stdout) as {
    diagnostics: { category: string; location: { path: string } }[];
  };
  reported = new Map(cases.map(([file]) => [file, []]));
  for (const { category, location } of diagnostics) {
    reported.get(location.path)?.push(category.split('/').at(-1) ?? category);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(cases)('%s: %j is judged by %s', (file, _code, rule) => {
  expect(reported.get(file)).toEqual(rule === null ? [] : [rule]);
});
