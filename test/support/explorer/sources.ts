import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { transformWithOxc } from 'vite';
import type * as BarrierModule from '../../../src/primitives/barrier.js';
import type * as BoundedSemaphoreModule from '../../../src/primitives/bounded-semaphore.js';
import type * as ConditionModule from '../../../src/primitives/condition.js';
import type * as EventModule from '../../../src/primitives/event.js';
import type * as LockModule from '../../../src/primitives/lock.js';
import type * as WordModule from '../../../src/primitives/memory/word.js';
import type * as PrimitiveModule from '../../../src/primitives/primitive.js';
import type * as RLockModule from '../../../src/primitives/rlock.js';
import type * as SemaphoreModule from '../../../src/primitives/semaphore.js';
import type * as RecordModule from '../../../src/primitives/threads/claimed-record.js';
import type * as CriticalModule from '../../../src/primitives/waiting/critical-section.js';

/** The exports of the primitives' modules, run over whatever took the place of some of them. */
export type Primitives = typeof BarrierModule &
  typeof BoundedSemaphoreModule &
  typeof ConditionModule &
  typeof CriticalModule &
  typeof EventModule &
  typeof LockModule &
  typeof PrimitiveModule &
  typeof RecordModule &
  typeof RLockModule &
  typeof SemaphoreModule &
  typeof WordModule;

/** A bug to plant into a copy of a source file: text that occurs once, and what stands there instead. */
export interface Plant {
  readonly file: string;
  readonly text: string;
  readonly instead: string;
}

type Exports = Record<string, unknown>;
type ModuleBody = (require: (specifier: string) => Exports, exports: Exports) => void;

/** Compiled bodies, by file name without its ending. */
export type Sources = ReadonlyMap<string, ModuleBody>;

const FOLDER = new URL('../../../src/primitives/', import.meta.url);
const ENTRIES = [
  'barrier',
  'bounded-semaphore',
  'condition',
  'critical-section',
  'event',
  'lock',
  'primitive',
  'claimed-record',
  'rlock',
  'semaphore',
  'word',
];
/** What is simulated, and what nothing here needs. */
const LEFT_OUT = [
  'word',
  'event-loop',
  'table',
  'thread-slots',
  'claim-slot',
  'current-ident',
  'liveness',
  'wait-graph',
  'cancel-flag',
  'trace',
  'trace-flag',
  'state-stream',
  'wait',
  'target',
  'handle',
  'text',
];
const require = createRequire(import.meta.url);

/** The source of every primitive, compiled; with `plant`, one of them with a bug. */
export async function readSources(plant?: Plant): Promise<Sources> {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => new URL(path, FOLDER));
  files.push(new URL('../errors.ts', FOLDER));
  const sources = new Map<string, ModuleBody>();
  for (const file of files) {
    const name = nameOf(file.pathname);
    if (LEFT_OUT.includes(name)) continue;
    const text = readFileSync(file, 'utf8');
    const planted = plant?.file === `${name}.ts` ? withPlant(text, plant) : text;
    sources.set(name, await compile(file.pathname, planted));
  }
  if (plant !== undefined && !sources.has(nameOf(plant.file))) throw new Error(`no file ${plant.file}`);
  return sources;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.[jt]s$/, '');
}

function withPlant(source: string, { file, text, instead }: Plant): string {
  const found = source.split(text).length - 1;
  if (found !== 1) throw new Error(`${file} has ${found} places, not one, that read: ${text}`);
  return source.replace(text, () => instead);
}

/**
 * Types stripped; imports and exports turned into calls, so that a thread can have its own copy at once; private
 * fields made public, so that a thread's local state can be compared.
 */
async function compile(path: string, source: string): Promise<ModuleBody> {
  const { code } = await transformWithOxc(source, path, { target: 'es2022', sourcemap: false });
  const exported: string[] = [];
  const body = code
    .replace(/#([a-z]\w*)/g, 'private_$1')
    .replace(/^import \{([^}]*)\} from "([^"]*)";$/gm, (_, names: string, from: string) => {
      return `const {${names.replace(/ as /g, ': ')}} = require("${from}");`;
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
  if (/^(import|export)\b/m.test(body)) throw new Error(`cannot compile ${path}:\n${body}`);
  const publish = exported.map((name) => `exports.${name} = ${name};`).join('\n');
  return new Function('require', 'exports', `'use strict';\n${body}\n${publish}`) as ModuleBody;
}

/** Gives a module's exports out as others are to see them. */
export type Wrappers = Record<string, (exports: never) => object>;

/** A fresh copy of the modules, as a worker has its own. `simulated` stands in for some, by file name. */
export function instantiate(
  sources: Sources,
  simulated: Record<string, object>,
  wrappers: Wrappers = {},
): Primitives {
  const loaded = new Map(Object.entries(simulated) as [string, Exports][]);
  const load = (specifier: string): Exports => {
    if (!specifier.startsWith('.')) return require(specifier);
    const name = nameOf(specifier);
    let exports = loaded.get(name);
    if (exports === undefined) {
      exports = {};
      loaded.set(name, exports);
      sources.get(name)?.(load, exports);
      Object.assign(exports, wrappers[name]?.(exports as never));
    }
    return exports;
  };
  return Object.assign({}, ...ENTRIES.map((name) => load(`./${name}.js`)));
}
