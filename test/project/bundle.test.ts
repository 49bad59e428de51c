import { mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { setWorkerFile, Thread } from 'rxjs-threading';
import { beforeAll, describe, expect, it } from 'vitest';
import { runNode } from '../support/run-node.js';

const root = join(import.meta.dirname, '../..');
const dist = join(root, 'dist');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
});

/** As a user's bundler does: it goes by what package.json says of side effects. */
async function bundled(input: string): Promise<{ file: string; code: string; whole: string }> {
  const { sideEffects } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    sideEffects: readonly string[];
  };
  const hasEffects = (id: string): boolean => sideEffects.some((file) => id === join(root, file));
  const bundle = await rolldown({
    input,
    platform: 'node',
    external: ['rxjs'],
    logLevel: 'silent',
    plugins: [
      {
        name: 'the package',
        resolveId: (id) =>
          id === 'rxjs-threading' ? { id: join(dist, 'index.js'), moduleSideEffects: false } : null,
      },
    ],
    treeshake: { moduleSideEffects: (id) => !id.startsWith(dist) || hasEffects(id) },
  });
  const { output } = await bundle.write({ dir: folder, minify: true });
  const [{ fileName, code }] = output;
  const whole = output.map((chunk) => ('code' in chunk ? chunk.code : '')).join();
  return { file: join(folder, fileName), code, whole };
}

describe('a bundle', { timeout: 60_000 }, () => {
  it('of a Lock and a Thread keeps what the two need', async () => {
    const { file } = await bundled(join(root, 'test/fixtures/bundled.js'));
    const { stdout, stderr } = await runNode([file], { env: { DIST: dist } });
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n')).toEqual([
      'shared true',
      'ERR_OWNER_DIED',
      "[ 'shared', 'taker' ]",
      'enough',
      'TimeoutError',
      'the end',
    ]);
  });

  it('that no worker file lies beside is the error of threads and pools', async () => {
    const { file } = await bundled(join(root, 'test/fixtures/bundled-unnamed.js'));
    const { stdout, stderr } = await runNode([file]);
    expect([stderr, ...stdout.trimEnd().split('\n')]).toEqual([
      '',
      'false ERR_NO_THREAD true',
      'operator ERR_NO_THREAD true',
      'pool ERR_NO_THREAD true',
    ]);
  });

  it('of a Lock has no Thread in its first file', async () => {
    const { code } = await bundled(join(root, 'test/fixtures/bundled-lock.js'));
    expect(code).toContain('ERR_NOT_LOCKED');
    expect(code).not.toContain('threads can only be started once');
    const { whole } = await bundled(join(root, 'test/fixtures/bundled.js'));
    expect(whole).toContain('threads can only be started once');
  });
});

describe('setWorkerFile', () => {
  it.each([['./worker-bundle.cjs'], [7], [undefined]])('refuses %s', (file) => {
    expect(() => setWorkerFile(file as string)).toThrow(
      /worker file must be an absolute path or a file: URL, got/,
    );
  });

  it('refuses a file that is not there', () => {
    expect(() => setWorkerFile(join(folder, 'none.cjs'))).toThrow(
      expect.objectContaining({
        code: 'ERR_NO_THREAD',
        message: expect.stringMatching(/no worker file .*none\.cjs/),
      }),
    );
  });

  it('leaves threads as they were when it refuses', async () => {
    expect(() => setWorkerFile('none.cjs')).toThrow(TypeError);
    expect(await new Thread({ target: () => 1 }).start().result()).toBe(1);
  });
});
