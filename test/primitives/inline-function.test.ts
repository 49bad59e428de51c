import { Thread } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

/** As it stands in the file that a compiler has written. */
function compiled(source: string): () => unknown {
  // biome-ignore lint/security/noGlobalEval: a function with just this source
  // biome-ignore lint/complexity/noCommaOperator: makes the eval indirect
  return (0, eval)(`(${source})`);
}

async function resultOf(source: string): Promise<unknown> {
  return new Thread({ target: compiled(source), name: 'inline' }).start().result();
}

describe('a function that imports, as compilers rewrite it, runs in a thread', { timeout: 60_000 }, () => {
  it.each([
    ['Vite', `async () => (await __vite_ssr_dynamic_import__('node:path')).sep`],
    [
      'Vite, of a package',
      `async () => typeof (await __vite_ssr_dynamic_import__('rxjs')).of === 'function' && '/'`,
    ],
    [
      'Vite, of a file in the project',
      `async () => typeof (await __vite_ssr_dynamic_import__('/test/fixtures/moving.js')).moved === 'function' && '/'`,
    ],
    ['jiti', `async () => (await jitiImport('node:path')).sep`],
    ['tsc', `async () => (await Promise.resolve().then(() => __importStar(require('node:path')))).sep`],
    ['tsc, by default', `async () => __importDefault(require('node:path')).default.sep`],
    [
      'swc',
      `async () => (await Promise.resolve().then(() => _interop_require_wildcard(require('node:path')))).sep`,
    ],
    ['swc, by default', `async () => _interop_require_default(require('node:path')).default.sep`],
    [
      'swc, with its helpers from a package',
      `async () => _interop_require_wildcard._(require('node:path')).sep`,
    ],
    [
      'Babel',
      `async () => (await Promise.resolve().then(() => _interopRequireWildcard(require('node:path')))).sep`,
    ],
    [
      'esbuild',
      `async () => (await Promise.resolve().then(() => __toESM(require('node:path')))).default.sep`,
    ],
    ['its author', `() => require('node:path').sep`],
    ['esbuild, of names', `() => __name(() => {}, '/').name`],
  ])('%s', async (_, source) => {
    expect(await resultOf(source)).toBe('/');
  });
});

it('a function that istanbul has put counters into runs in a thread', { timeout: 60_000 }, async () => {
  const source = `(n) => {
    cov_5cce9wv3().f[0]++;
    const half = (cov_5cce9wv3().s[0]++, (n) => { cov_5cce9wv3().f[1]++; cov_5cce9wv3().s[1]++; return n / 2; });
    cov_5cce9wv3().s[2]++;
    return n > 1 ? (cov_5cce9wv3().b[0][0]++, half(n)) : (cov_5cce9wv3().b[0][1]++, cov_17e2().s[0]++, n);
  }`;
  const target = compiled(source) as (n: number) => number;
  const halves = [4, 1].map((n) => new Thread({ target, args: [n] }).start().result());
  expect(await Promise.all(halves)).toEqual([2, 1]);
});

it('a function of the thread whose name is as one of counters is called as it is', {
  timeout: 60_000,
}, async () => {
  expect(await resultOf('() => { globalThis.cov_matrix = () => 41; return cov_matrix() + 1; }')).toBe(42);
});

describe('a name that a function does not find is said to be', { timeout: 60_000 }, () => {
  it.each([
    ["a bundler's", '__webpack_require__', /A bundler .*getBuiltinModule/],
    ["a bundler's", '__nccwpck_require__', /A bundler/],
    ["a bundler's", '__turbopack_context__', /A bundler/],
    ["Parcel's", '$de9f0$nodeos', /A bundler/],
    ["Parcel's", '$3TZS3$nodepath', /A bundler/],
    [
      "Vite's",
      '__vite_ssr_import_0__',
      /Vite .* imported at the top of the file\. Import that inside the function/,
    ],
    ["old istanbul's", '__cov_5cce9wv3', /counter of istanbul's.* istanbul ignore next/],
    ["Stryker's", 'stryMutAct_9fa48', /Stryker's.* Stryker disable all/],
    ["a compiler's", '__awaiter', /helper that a compiler has put in.*ES2022/],
    ["a compiler's", '_ts_add_disposable_resource', /helper that a compiler.*using/],
    ["a compiler's", '__callDispose', /helper that a compiler/],
    ["a compiler's", 'tslib_1', /helper that a compiler/],
    ["a CommonJS import's", 'rxjs_1', /a module that is imported at the top of the file/],
    ["a CommonJS import's", '_rxjs', /a module that is imported at the top of the file/],
    ["a minifier's", 't', /a name so short may be of a minifier/i],
    ["its author's", 'around', /Pass 'around' in args/],
    ["its author's, as one of counters", 'cov_total', /Pass 'cov_total' in args/],
  ])('%s: %s', async (_, name, advice) => {
    const message = await resultOf(`() => ${name}()`).then(
      () => 'none',
      (error) => error.message,
    );
    expect(message).toContain(`'${name}' is not defined in thread 'inline'`);
    expect(message).toMatch(advice);
  });
});

describe('a function of an object runs in a thread', { timeout: 60_000 }, () => {
  const object = compiled(
    "{ method() { return 7; }, 'odd name'() { return 7; }, [Symbol.iterator]() { return 7; }, get got() { return 7; }, set given(value) {} }",
  );
  const of = (key: PropertyKey): PropertyDescriptor => Object.getOwnPropertyDescriptor(object, key) ?? {};
  it.each([
    ['a method', of('method').value, 7],
    ['a method with an odd name', of('odd name').value, 7],
    ['a method whose name is a symbol', of(Symbol.iterator).value, 7],
    ['a getter', of('got').get, 7],
    ['a setter', of('given').set, undefined],
  ])('%s', async (_, target, result) => {
    expect(await new Thread({ target, args: [1] }).start().result()).toBe(result);
  });
});
