/*
 * Names that tools put into functions: what they are, and what to do about each. A function that travels by its source
 * leaves them behind. Of what compilers put there, inline-function.ts has what it can give.
 */

const MODULE = 'make the target an export of a module';

/** The first that fits. */
const TOOLS: readonly (readonly [name: RegExp, is: string, advice: string])[] = [
  [
    /^(__webpack_|__nccwpck_|__turbopack_|__rspack_|parcelRequire|\$[\da-zA-Z]{4,16}\$|__rolldown_|__rollup_|__commonJS|__esm$)/,
    'A bundler has put it in place of an import',
    `Keep the file out of the bundle, ${MODULE} that is an entry of the build, or get Node's own modules by process.getBuiltinModule`,
  ],
  [
    /^(__vite_ssr_import_|__vi_import_)/,
    'Vite has put it in place of a name that is imported at the top of the file',
    `Import that inside the function by await import(), or ${MODULE}`,
  ],
  [
    /^(__cov_.+|_\$jscoverage)$/,
    "It is a counter of istanbul's, put in to measure coverage",
    `Write /* istanbul ignore next */ before the function, measure coverage by V8, or ${MODULE}`,
  ],
  [
    /^stry(MutAct|Cov|NS)_/,
    "It is Stryker's, put in to change the function",
    `Write // Stryker disable all before the function, or ${MODULE}`,
  ],
  [
    /^(__|_ts_|_interop_|_async_|_class_|_define_|_object_|_to_|_using|_dispose|tslib_\d+$)/,
    'It is a helper that a compiler has put in, for syntax that its target does not have',
    `Compile for a newer target (ES2022, or ESNext where the function has \`using\`), or ${MODULE}`,
  ],
  [
    /_\d+$|^_[a-z]\w*$|^import_\w+$/,
    'It may be what a compiler to CommonJS calls a module that is imported at the top of the file',
    `Import that inside the function by await import(), or ${MODULE}`,
  ],
  [
    /^[a-zA-Z$_]{1,2}$/,
    'A name so short may be of a minifier, for something imported or declared at the top of the file',
    `Pass it in args, keep the file out of the bundle, or ${MODULE}`,
  ],
];

/** What is said of a name that a function does not find. */
export function adviceOn(name: string): string {
  const tool = TOOLS.find(([pattern]) => pattern.test(name));
  if (tool === undefined) return `Pass '${name}' in args, import it inside the function, or ${MODULE}`;
  const [, is, advice] = tool;
  return `${is}. ${advice}`;
}
