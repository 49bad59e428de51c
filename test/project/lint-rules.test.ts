import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** One statement a file: what it imports or names, and the rule that reports it, or none. */
const cases: [file: string, code: string, rule: string | null][] = [
  ['src/errors.ts', "import './primitives/lock.js';", 'noRestrictedImports'],
  ['src/index.ts', "export * from './errors.js';\nexport * from './operators/with-lock.js';", null],

  ['src/monitor/a.ts', "import '../redis/index.js';", 'noRestrictedImports'],
  ['src/monitor/ok.ts', "import '../index.js';\nimport '../primitives/threads/table.js';", null],
  ['src/redis/a.ts', "import '../monitor/index.js';", 'noRestrictedImports'],
  ['src/redis/ok.ts', "import '../index.js';\nimport '../primitives/memory/word.js';", null],
  ['src/pool/jobs/c.ts', "import '../../redis/index.js';", 'noRestrictedImports'],
  ['src/pool/thread/d.ts', "import '../../monitor/index.js';", 'noRestrictedImports'],

  ['src/primitives/memory/a.ts', "import '../threads/table.js';", 'noRestrictedImports'],
  ['src/primitives/memory/b.ts', "import '../lock.js';", 'noRestrictedImports'],
  ['src/primitives/memory/ok.ts', "import '../../errors.js';\nimport './word.js';", null],
  ['src/primitives/threads/a.ts', "import '../waiting/attempt.js';", 'noRestrictedImports'],
  ['src/primitives/threads/b.ts', "export type * from '../lock.js';", 'noRestrictedImports'],
  ['src/primitives/threads/ok.ts', "import '../memory/word.js';\nimport './kernel.js';", null],
  ['src/primitives/waiting/a.ts', "import '../lock.js';", 'noRestrictedImports'],
  ['src/primitives/waiting/b.ts', "import '../../pool/thread/thread.js';", 'noRestrictedImports'],
  ['src/primitives/waiting/ok.ts', "import '../threads/table.js';\nimport '../memory/word.js';", null],

  ['src/primitives/a.ts', "import '../pool/thread/thread.js';", 'noRestrictedImports'],
  ['src/primitives/b.ts', "import '../operators/with-lock.js';", 'noRestrictedImports'],
  ['src/primitives/c.ts', "import '../index.js';", 'noRestrictedImports'],
  ['src/primitives/d.ts', "import './../pool/thread/thread.js';", 'noRestrictedImports'],
  ['src/primitives/e.ts', "export type * from '../pool/thread/thread.js';", 'noRestrictedImports'],
  ['src/primitives/f.ts', "export const late = import('../pool/thread/thread.js');", 'noRestrictedImports'],
  ['src/primitives/g.ts', "export type Late = import('../pool/thread/thread.js').Thread;", 'plugin'],
  ['src/primitives/h.ts', "import 'rxjs-threading';", 'noRestrictedImports'],
  ['src/primitives/ok.ts', "import '../errors.js';\nimport './memory/word.js';\nimport 'rxjs';", null],

  ['src/pool/wire/a.ts', "import '../workers/executor.js';", 'noRestrictedImports'],
  ['src/pool/wire/b.ts', "import '../../operators/with-lock.js';", 'noRestrictedImports'],
  [
    'src/pool/wire/ok.ts',
    "import '../../errors.js';\nimport '../../primitives/lock.js';\nimport '../../primitives/memory/word.js';",
    null,
  ],
  ['src/pool/workers/a.ts', "import '../thread/thread.js';", 'noRestrictedImports'],
  ['src/pool/workers/b.ts', "import '../in-worker/session.js';", 'noRestrictedImports'],
  ['src/pool/workers/c.ts', "import 'piscina';", 'noRestrictedImports'],
  ['src/pool/workers/piscina.ts', "import 'piscina';\nimport '../../errors.js';", null],
  ['src/pool/thread/a.ts', "import '../jobs/thread-pool.js';", 'noRestrictedImports'],
  ['src/pool/thread/b.ts', "export type * from '../functions/trace.js';", 'noRestrictedImports'],
  ['src/pool/thread/c.ts', "export type { Piscina } from 'piscina';", 'noRestrictedImports'],
  ['src/pool/thread/ok.ts', "import '../wire/codec.js';\nimport '../workers/piscina.js';", null],
  ['src/pool/functions/a.ts', "import '../jobs/thread-pool.js';", 'noRestrictedImports'],
  ['src/pool/functions/b.ts', "import '../in-worker/session.js';", 'noRestrictedImports'],
  ['src/pool/functions/ok.ts', "import '../thread/thread.js';", null],
  ['src/pool/jobs/a.ts', "import '../functions/trace.js';", 'noRestrictedImports'],
  ['src/pool/jobs/b.ts', "import '../../index.js';", 'noRestrictedImports'],
  ['src/pool/jobs/ok.ts', "import '../thread/thread.js';\nimport '../workers/executor.js';", null],
  ['src/pool/in-worker/a.ts', "import '../jobs/thread-pool.js';", 'noRestrictedImports'],
  ['src/pool/in-worker/ok.ts', "import '../functions/trace.js';\nimport '../thread/thread-of.js';", null],

  ['src/operators/parts/a.ts', "import '../with-lock.js';", 'noRestrictedImports'],
  ['src/operators/parts/b.ts', "import '../thread-map/batch.js';", 'noRestrictedImports'],
  ['src/operators/parts/ok.ts', "import '../../pool/thread/thread.js';\nimport '../../errors.js';", null],
  ['src/operators/thread-map/a.ts', "import '../thread-pipe/pipe-run.js';", 'noRestrictedImports'],
  ['src/operators/thread-map/b.ts', "import './in-worker/map-values.js';", 'noRestrictedImports'],
  ['src/operators/thread-map/c.ts', "import '../../pool/in-worker/failure.js';", 'noRestrictedImports'],
  [
    'src/operators/thread-map/ok.ts',
    "import '../parts/sections.js';\nimport '../../pool/jobs/places.js';",
    null,
  ],
  ['src/operators/thread-pipe/a.ts', "import '../thread-map/batch.js';", 'noRestrictedImports'],
  ['src/operators/thread-pipe/ok.ts', "import '../parts/sections.js';\nimport './messages.js';", null],
  ['src/operators/thread-map/in-worker/a.ts', "import '../../thread-map.js';", 'noRestrictedImports'],
  ['src/operators/thread-map/in-worker/ok.ts', "import '../../../pool/in-worker/failure.js';", null],
  ['src/operators/thread-pipe/in-worker/a.ts', "import '../../thread-map/batch.js';", 'noRestrictedImports'],
  ['src/operators/a.ts', "import '../index.js';", 'noRestrictedImports'],
  ['src/operators/b.ts', "import 'piscina';", 'noRestrictedImports'],
  ['src/operators/c.ts', "import '../pool/in-worker/failure.js';", 'noRestrictedImports'],
  ['src/operators/ok.ts', "import '../pool/thread/thread.js';\nimport './thread-map/map-run.js';", null],

  ['src/pool/jobs/circle.ts', "export type * from './circle-too.js';", 'noImportCycles'],
  ['src/pool/jobs/circle-too.ts', "export type * from './circle.js';", 'noImportCycles'],

  ['src/primitives/memory/word.ts', 'export const cell = Atomics.load(new Int32Array(1), 0);', null],
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

test.each(cases)('%s: %j is judged by %s', (file, _code, rule) => {
  expect(reported.get(file)).toEqual(rule === null ? [] : [rule]);
});
