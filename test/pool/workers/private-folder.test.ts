import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { withFewThreads } from '../../support/few-threads.js';
import { runNode } from '../../support/run-node.js';

const root = join(import.meta.dirname, '../../..');
/** Of its owner alone. */
const folder = mkdtempSync(join(tmpdir(), 'private-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('a package that its program may read by a capability alone has its worker file', async () => {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'rxjs-threading'), { recursive: true });
  for (const name of ['dist', 'package.json'])
    cpSync(join(root, name), join(modules, 'rxjs-threading', name), { recursive: true });
  for (const name of ['rxjs', 'piscina', 'tslib'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  const program = join(folder, 'program.mjs');
  writeFileSync(
    program,
    `import { Thread } from 'rxjs-threading';
    console.log(await new Thread({ target: (n) => n + 1, args: [1] }).start().result());`,
  );
  // As root another user, who may read by a capability; else oneself.
  const { code, stdout, stderr } = await runNode([program], { under: withFewThreads(200) });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '2\n', stderr: '' });
});
