// node trace.mjs PROGRAM…: copies each program, and what @vercel/nft finds that it needs, to where there is nothing else, and
// runs it there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileTrace } from '@vercel/nft';

const here = import.meta.dirname;
for (const program of process.argv.slice(2)) {
  const elsewhere = mkdtempSync(join(tmpdir(), 'traced-'));
  try {
    // On Node 20 it would not know `module-sync`, which Node 20 heeds.
    const { fileList } = await nodeFileTrace([join(here, program)], { base: here, moduleSyncCatchall: true });
    for (const file of fileList) cpSync(join(here, file), join(elsewhere, file), { verbatimSymlinks: true });
    const { stdout, stderr } = spawnSync('node', [program], {
      cwd: elsewhere,
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(stderr, '');
    assert.deepEqual(stdout.trimEnd().split('\n'), ['1', '2', 'of a pool', '[ 4 ]', '[ 6 ]', 'the page']);
    console.log(`${program} runs with ${fileList.size} files`);
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
}
