// A single executable application, with the worker file beside it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const dir = mkdtempSync(join(tmpdir(), 'executable-'));
const run = (command, ...args) => execFileSync(command, args, { cwd: dir, encoding: 'utf8' });
try {
  await build({
    stdin: {
      contents: `
        const { dirname, join } = require('node:path');
        const { Thread, setWorkerFile } = require('rxjs-threading');
        setWorkerFile(join(dirname(process.execPath), 'worker-bundle.cjs'));
        new Thread({ target: (n) => n * 2, args: [21] }).start().result().then((n) => console.log(n));
      `,
      resolveDir: import.meta.dirname,
    },
    outfile: join(dir, 'main.cjs'),
    format: 'cjs',
    bundle: true,
    platform: 'node',
    logLevel: 'error',
    logOverride: { 'empty-import-meta': 'silent' },
  });
  copyFileSync('node_modules/rxjs-threading/dist/worker-bundle.cjs', join(dir, 'worker-bundle.cjs'));
  const config = { main: 'main.cjs', output: 'main.blob', disableExperimentalSEAWarning: true };
  writeFileSync(join(dir, 'sea.json'), JSON.stringify(config));
  run(process.execPath, '--experimental-sea-config', 'sea.json');
  copyFileSync(process.execPath, join(dir, 'app'));
  const postject = join(import.meta.dirname, 'node_modules/postject/dist/cli.js');
  run(process.execPath, postject, 'app', 'NODE_SEA_BLOB', 'main.blob', '--sentinel-fuse', FUSE);
  assert.equal(run(join(dir, 'app')), '42\n');
  console.log('a single executable, with a worker file beside it');
} finally {
  rmSync(dir, { recursive: true, force: true });
}
