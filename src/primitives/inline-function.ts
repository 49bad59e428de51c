import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isThere } from './is-there.js';
import { show } from './options.js';
import { requireFrom } from './require-from.js';

/*
 * Functions that travel to a thread by their source, and are compiled from it there. They see their arguments, the
 * globals and the helpers of compilers.
 */

/** A target as it is called. */
export type Runnable = (this: unknown, ...args: readonly unknown[]) => unknown;

const MOST_COMPILED = 1000;
/** Of functions that have been checked. */
const sources = new WeakMap<Runnable, string>();
/** By source: the expression that compiles. */
const expressions = new Map<string, string>();
const compiled = new Map<string, Runnable>();

/** @throws TypeError for what is no function, or has no source that is complete in itself */
export function sourceOf(target: Runnable): string {
  const known = sources.get(target);
  if (known !== undefined) return known;
  const source = Function.prototype.toString.call(target);
  if (isClass(source)) {
    throw new TypeError(`target must be a function, got ${show(target)}: a class cannot be called`);
  }
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    throw new TypeError(
      `target ${show(target)} is native or bound: it has no source that could travel to a thread`,
    );
  }
  expressionOf(source, target);
  sources.set(target, source);
  return source;
}

/** A method named `class` is none. */
export function isClass(source: string): boolean {
  return /^class\b(?!\s*\()/.test(source);
}

/** Of an object with one method, getter or setter, whose name may be a symbol. */
const ONLY_FUNCTION =
  '(of) => { const [it] = Reflect.ownKeys(of).map((key) => Object.getOwnPropertyDescriptor(of, key)); ' +
  'return it.value ?? it.get ?? it.set; }';

/** The source as an expression; a method's becomes one as part of an object. */
function expressionOf(source: string, target: unknown): string {
  const known = expressions.get(source);
  if (known !== undefined) return known;
  const expression = [`(${source})`, `(${ONLY_FUNCTION})({${source}})`].find(compiles);
  if (expression === undefined) {
    const why = compiles('0')
      ? 'its source is not complete in itself'
      : 'code generation from strings is disallowed in this process (--disallow-code-generation-from-strings), so make ' +
        'the target an export of a module';
    throw new TypeError(`target ${show(target)} cannot travel to a thread: ${why}`);
  }
  keep(expressions, source, expression);
  return expression;
}

function compiles(expression: string): boolean {
  try {
    new Function(`"use strict";return ${expression}`);
    return true;
  } catch {
    return false;
  }
}

/** As modules are imported into CommonJS: under their names, and as `default` unless they have one. */
function wildcard(module: object & { readonly __esModule?: unknown }): object {
  return module?.__esModule ? module : { ...module, default: module };
}

function byDefault(module: object & { readonly __esModule?: unknown }): object {
  return module?.__esModule ? module : { default: module };
}

/** Vite names a file by its path from the root of the project, or after `/@fs` if it lies elsewhere. */
function importForVite(id: string): Promise<unknown> {
  return import(/* webpackIgnore: true */ withoutRoot(id));
}

function withoutRoot(id: string): string {
  if (id.startsWith('/@fs/')) return pathToFileURL(id.slice('/@fs'.length)).href;
  if (!isAbsolute(id)) return id;
  const inProject = join(process.cwd(), id);
  return pathToFileURL(isThere(inProject) ? inProject : id).href;
}

/**
 * What compilers put into a function in place of what its author wrote, and define at the top of the file, where a
 * function that travels by its source leaves it behind. Those for `import()` find modules from where this library lies,
 * as `import()` itself does here. Of a bundler's own module system there is nothing that could be given.
 */
function helpers(): Record<string, unknown> {
  // `_` is for swc's helpers from a package.
  const star = Object.assign(wildcard, { _: wildcard });
  const only = Object.assign(byDefault, { _: byDefault });
  return {
    // Names of functions within functions: esbuild, and so tsx.
    __name: (target: unknown, value: string) =>
      Object.defineProperty(target, 'name', { value, configurable: true }),
    // import(): Vite, and so Vitest; jiti; tsc, swc, Babel and esbuild where they make CommonJS.
    __vite_ssr_dynamic_import__: importForVite,
    jitiImport: (id: string) => import(/* webpackIgnore: true */ id),
    require: requireFrom(import.meta.url),
    __importStar: star,
    __importDefault: only,
    _interop_require_wildcard: star,
    _interop_require_default: only,
    _interopRequireWildcard: star,
    _interopRequireDefault: only,
    __toESM: star,
  };
}

/** Made with the first function that is compiled, because a bundle may have no URL of its own. */
let known: Record<string, unknown> | undefined;

/** What istanbul calls the function that has a file's counters: by a hash of the file's name. */
const COUNTERS = /\bcov_[a-z\d]+(?=\(\)\.[bfs]\[)/g;

/**
 * Counters that count nothing: whatever is read of them is they themselves, or 0, and keeps what is written to it for nobody.
 * Those of the file are another thread's.
 */
const counters: object = new Proxy(() => counters, {
  get: (_, key) => (typeof key === 'symbol' ? () => 0 : counters),
  set: () => true,
});

/** The function again, from its source: sees the globals and the helpers, nothing else. */
export function compile(source: string): Runnable {
  const before = compiled.get(source);
  if (before !== undefined) return before;
  known ??= helpers();
  const given = { ...known };
  for (const name of source.match(COUNTERS) ?? []) given[name] = counters;
  // Indirect, so that it sees the globals alone; modules are strict, so is this.
  // biome-ignore lint/security/noGlobalEval: the source of a function of this very program
  // biome-ignore lint/complexity/noCommaOperator: makes the eval indirect
  const make = (0, eval)(`"use strict";({${Object.keys(given)}})=>${expressionOf(source, source)}`);
  const run = make(given) as Runnable;
  keep(compiled, source, run);
  return run;
}

function keep<V>(cache: Map<string, V>, key: string, value: V): void {
  if (cache.size >= MOST_COMPILED) cache.clear();
  cache.set(key, value);
}
