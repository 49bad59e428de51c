// Does what README says, from an empty folder, to the letter: runs the shell lines around `npm install rxjs-threading`,
// with the packed package in place of the published one; writes the files whose first line names them, up to the next
// heading; runs main.ts, and compares what it prints with what README says that it prints.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { CONSUMER_CLONE, CONSUMER_TARBALL } = process.env;
const MOST_MS = 120_000;
const readme = readFileSync(join(CONSUMER_CLONE, 'README.md'), 'utf8');
const section = readme.split(/^## /m).find((text) => text.includes('npm install rxjs-threading')) ?? '';
const blocks = [...section.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language, text]) => ({
  language,
  text,
}));
const began = Date.now();
const cwd = mkdtempSync(join(tmpdir(), 'first-minutes-'));
try {
  const install = blocks.find(
    ({ language, text }) => language === 'sh' && text.includes('npm install rxjs-threading'),
  );
  assert.ok(install, 'README installs nothing');
  sh(install.text.replace('npm install rxjs-threading', `npm install ${CONSUMER_TARBALL}`));
  const expected = [];
  for (const { text } of blocks) {
    const [, file] = /^\/\/ ([\w.-]+\.ts)\n/.exec(text) ?? [];
    if (file === undefined) continue;
    writeFileSync(join(cwd, file), text);
    for (const [, prints] of text.matchAll(/\/\/ prints (.*)$/gm)) expected.push(...prints.split(', then '));
  }
  assert.ok(expected.length > 0, 'README has no file that prints something');
  const stdout = execFileSync('node', ['main.ts'], { cwd, encoding: 'utf8', timeout: MOST_MS });
  assert.deepEqual(stdout.trimEnd().split('\n'), expected);
  const seconds = (Date.now() - began) / 1000;
  assert.ok(seconds < MOST_MS / 1000, `it took ${seconds} s`);
  console.log(`from an empty folder to a job of one's own in ${seconds.toFixed(0)} s`);
} finally {
  rmSync(cwd, { recursive: true, force: true });
}

function sh(commands) {
  execFileSync('sh', ['-e', '-c', commands], { cwd, stdio: 'inherit', timeout: MOST_MS });
}
