import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { endWithTest } from '../support/children.js';
import { tried } from '../support/long/tried.js';
import { runNode } from '../support/run-node.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const preload = fileURLToPath(new URL('../support/no-kernel.cjs', import.meta.url));

/** What the suite says of death, where the platform does not tell which threads exist. */
const FILES = [
  'test/primitives/death.test.ts',
  'test/pool/thread/thread-death.test.ts',
  'test/pool/thread/thread-elsewhere.test.ts',
  'test/pool/jobs/pool-death.test.ts',
];

/** Where nobody but its own loop tells it, a blocked main hears of no death: docs/hazards.md says so. */
const HOLES =
  '^(?!.*(takes effect while the caller blocks|which blocks the event loop that would hear of it))';

/** What this library takes the platform for, where it runs with the preload. */
const SHOW = `
import { getNativeId, Thread } from 'rxjs-threading';
const target = async () => (await import('rxjs-threading')).getNativeId();
console.log(process.platform, await new Thread({ target }).start().result());`;

it('is seen by the library alone, in workers too', async () => {
  const { stdout } = await runNode(['--input-type=module', '--eval', SHOW], {
    env: { NODE_OPTIONS: `--require=${preload}` },
  });
  expect(stdout).toBe(`${process.platform} null\n`);
});

it.for(FILES)('%s holds without /proc', async (file, context) => {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout=120000', '-t', HOLES, file];
  // Not this run's, which would take the other for a part of it.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, NODE_OPTIONS: `--require=${preload}` };
  const run = endWithTest(
    spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env }),
  );
  let printed = '';
  for (const stream of [run.stdout, run.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const [code] = await once(run, 'close');
  expect(code, printed).toBe(0);
  tried(context, 'tests', Number(/^(\d+) passed/m.exec(printed)?.[1] ?? 0));
});
