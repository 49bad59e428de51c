import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';
import { transformWithOxc } from 'vite';
import type * as SleepModule from '../../../src/pool/functions/sleep-sync.js';
import type * as JoinModule from '../../../src/pool/thread/join.js';
import type * as TimerModule from '../../../src/pool/thread/timer.js';
import type * as ClaimsModule from '../../../src/pool/wire/job-claims.js';
import type * as BarrierModule from '../../../src/primitives/barrier.js';
import type * as BoundedSemaphoreModule from '../../../src/primitives/bounded-semaphore.js';
import type * as ConditionModule from '../../../src/primitives/condition.js';
import type * as EventModule from '../../../src/primitives/event.js';
import type * as LockModule from '../../../src/primitives/lock.js';
import type * as WordModule from '../../../src/primitives/memory/word.js';
import type * as PrimitiveModule from '../../../src/primitives/primitive.js';
import type * as RLockModule from '../../../src/primitives/rlock.js';
import type * as SemaphoreModule from '../../../src/primitives/semaphore.js';
import type * as CancelModule from '../../../src/primitives/threads/cancel-flag.js';
import type * as ClaimModule from '../../../src/primitives/threads/claim-slot.js';
import type * as RecordModule from '../../../src/primitives/threads/claimed-record.js';
import type * as ContendedModule from '../../../src/primitives/threads/contended-record.js';
import type * as CurrentModule from '../../../src/primitives/threads/current-ident.js';
import type * as RingModule from '../../../src/primitives/threads/event-ring.js';
import type * as KeptModule from '../../../src/primitives/threads/kept-slot.js';
import type * as LivenessModule from '../../../src/primitives/threads/liveness.js';
import type * as TableModule from '../../../src/primitives/threads/table.js';
import type * as SlotsModule from '../../../src/primitives/threads/thread-slots.js';
import type * as TraceModule from '../../../src/primitives/threads/trace-flag.js';
import type * as CriticalModule from '../../../src/primitives/waiting/critical-section.js';
import { instrument } from './instrument.js';
import { type Hooks, Memory } from './memory.js';
import { Sites } from './sites.js';

/** The exports of the primitives' modules, run over whatever took the place of some of them. */
export type Primitives = typeof BarrierModule &
  typeof BoundedSemaphoreModule &
  typeof ConditionModule &
  typeof ContendedModule &
  typeof CriticalModule &
  typeof ClaimsModule &
  typeof LivenessModule &
  typeof EventModule &
  typeof LockModule &
  typeof PrimitiveModule &
  typeof RecordModule &
  typeof RingModule &
  typeof RLockModule &
  typeof SemaphoreModule &
  typeof WordModule;

/** The exports of what has to do with the table of threads, for scenarios that have one. */
export type ThreadModules = typeof CancelModule &
  typeof ClaimModule &
  typeof CurrentModule &
  typeof JoinModule &
  typeof KeptModule &
  typeof SleepModule &
  typeof SlotsModule &
  typeof TableModule &
  typeof TimerModule &
  typeof TraceModule;

/** A bug to plant into a copy of a source file: text that occurs once, and what stands there instead. */
export interface Plant {
  readonly file: string;
  readonly text: string;
  readonly instead: string;
}

/** The table of threads with 2 ** bits slots, of which one is main's, and little room for what else it keeps. */
export const fewSlots = (bits: number): readonly Plant[] => [
  { file: 'table.ts', text: 'SLOT_BITS = 12;', instead: `SLOT_BITS = ${bits};` },
  { file: 'table.ts', text: 'DEATH_LOG_WORDS: number = 1 << 16;', instead: 'DEATH_LOG_WORDS: number = 2;' },
  { file: 'table.ts', text: 'MOST_WAITS: number = 1 << 16;', instead: 'MOST_WAITS: number = 1;' },
];

type Exports = Record<string, unknown>;

interface Module {
  run(require: (specifier: string) => Exports, exports: Exports, hooks: Hooks, process: object): void;
  readonly sites: Sites;
}

/** Compiled modules, by file name without its ending. */
export type Sources = ReadonlyMap<string, Module>;

/** What the names of the scripts begin with. */
export const SCRIPT = 'explored:';

const FOLDER = new URL('../../../src/primitives/', import.meta.url);
const OTHERS = [
  '../errors.ts',
  '../pool/thread/join.ts',
  '../pool/thread/timer.ts',
  '../pool/functions/sleep-sync.ts',
  '../pool/wire/job-claims.ts',
];
export const PRIMITIVES: readonly string[] = [
  'barrier',
  'bounded-semaphore',
  'condition',
  'critical-section',
  'event',
  'event-ring',
  'job-claims',
  'liveness',
  'lock',
  'primitive',
  'claimed-record',
  'contended-record',
  'rlock',
  'semaphore',
  'word',
];
export const THREADS: readonly string[] = [
  'cancel-flag',
  'claim-slot',
  'current-ident',
  'join',
  'kept-slot',
  'sleep-sync',
  'table',
  'thread-slots',
  'timer',
  'trace-flag',
];
/** What is simulated, always, and what nothing here needs. */
const LEFT_OUT = [
  'word',
  'event-loop',
  'kernel',
  'trace',
  'state-stream',
  'wait',
  'target',
  'inline-function',
  'require-from',
  'handle',
  'text',
  'wait-site',
];
const require = createRequire(import.meta.url);

/** The source of every primitive, compiled; with plants, some of them with a bug or with other constants. */
export function readSources(...plants: readonly Plant[]): Promise<Sources> {
  const key = JSON.stringify(plants);
  const before = all.get(key);
  if (before !== undefined) return before;
  const sources = readAll(plants);
  all.set(key, sources);
  return sources;
}

const all = new Map<string, Promise<Sources>>();

async function readAll(plants: readonly Plant[]): Promise<Sources> {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const sources = new Map<string, Module>();
  for (const path of [...files, ...OTHERS]) {
    const { pathname } = new URL(path, FOLDER);
    const name = nameOf(pathname);
    if (LEFT_OUT.includes(name)) continue;
    const own = plants.filter(({ file }) => file === `${name}.ts`);
    sources.set(name, await compiled(pathname, own.reduce(withPlant, readFileSync(pathname, 'utf8'))));
  }
  const missing = plants.find(({ file }) => !sources.has(nameOf(file)));
  if (missing !== undefined) throw new Error(`no file ${missing.file}`);
  return sources;
}

const known = new Map<string, Promise<Module>>();

function compiled(path: string, source: string): Promise<Module> {
  const before = known.get(path + source);
  if (before !== undefined) return before;
  const module = compile(path, source);
  known.set(path + source, module);
  return module;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.[jt]s$/, '');
}

function withPlant(source: string, { file, text, instead }: Plant): string {
  const found = source.split(text).length - 1;
  if (found !== 1) throw new Error(`${file} has ${found} places, not one, that read: ${text}`);
  return source.replace(text, () => instead);
}

/** Exports that change later: whoever imports one reads it anew each time. */
const LIVE = ['table', 'current'];

/**
 * Types stripped; imports and exports turned into calls, so that a thread can have its own copy at once; private
 * fields made public and the rest of what a thread remembers made visible, so that it can be compared.
 */
async function compile(path: string, source: string): Promise<Module> {
  const { code } = await transformWithOxc(source, path, { target: 'es2022', sourcemap: false });
  const exported: string[] = [];
  const imported: string[] = [];
  const body = code
    .replace(/#([a-z]\w*) in /g, "'private_$1' in ")
    .replace(/#([a-z]\w*)/g, 'private_$1')
    .replace(/^import "[^"]*";$/gm, '')
    .replace(/^import \{([^}]*)\} from "([^"]*)";$/gm, (_, names: string, from: string) => {
      const live = LIVE.filter((name) => new RegExp(`\\b${name}\\b`).test(names));
      imported.push(...live);
      const read = live.map((name) => `const $${name} = require("${from}");`).join('');
      return `${read}const {${names.replace(/ as /g, ': ')}} = require("${from}");`;
    })
    .replace(
      /^export ((?:abstract )?(?:class|function|async function|const|let)) (\w+)/gm,
      (_, what, name) => {
        exported.push(name);
        return `${what} ${name}`;
      },
    )
    .replace(/^export \{([^}]*)\};$/gm, (_, names: string) => {
      exported.push(
        ...names
          .split(',')
          .map((name) => name.trim())
          .filter(Boolean),
      );
      return '';
    });
  const linked = imported.reduce(
    (text, name) =>
      text.replace(new RegExp(`(?<![.\\w$])${name}(?!\\w|\\.js)(?!.*require\\()`, 'g'), `$${name}.${name}`),
    body,
  );
  if (/^(import|export)\b/m.test(linked)) throw new Error(`cannot compile ${path}:\n${linked}`);
  const publish = exported.map(
    (name) => `Object.defineProperty(exports, '${name}', { get: () => ${name}, enumerable: true });`,
  );
  const head =
    '(function (require, exports, $, process) { "use strict"; const { $c, $m, $pop, $push, $t } = $;\n';
  const instrumented = instrument(linked);
  const file = `${SCRIPT}${nameOf(path)}`;
  const script = new Script(`${head}${instrumented}\n${publish.join('\n')}\n})`, { filename: file });
  return { run: script.runInThisContext() as Module['run'], sites: new Sites(instrumented, head.length) };
}

/** A fresh copy of the modules, as a worker has its own. `simulated` stands in for some, by file name. */
export function instantiate(
  sources: Sources,
  simulated: Record<string, object>,
  memory: Memory = new Memory(),
  entries: readonly string[] = PRIMITIVES,
): Primitives & ThreadModules {
  const loaded = new Map(Object.entries(simulated) as [string, Exports][]);
  const load = (specifier: string): Exports => {
    if (!specifier.startsWith('.')) return loaded.get(specifier) ?? require(specifier);
    const name = nameOf(specifier);
    let exports = loaded.get(name);
    if (exports === undefined) {
      exports = {};
      loaded.set(name, exports);
      sources.get(name)?.run(load, exports, memory.hooks(name), simulated.process ?? process);
    }
    return exports;
  };
  return Object.assign({}, ...entries.map((name) => load(`./${name}.js`)));
}
