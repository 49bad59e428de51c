// node check.mjs NAME: the example of that name, as examples/frameworks checks it.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const { CONSUMER_CLONE, CONSUMER_TARBALL } = process.env;
const check = join(CONSUMER_CLONE, 'examples/frameworks/check.mjs');
execFileSync('node', [check, '--tarball', CONSUMER_TARBALL, ...process.argv.slice(2)], { stdio: 'inherit' });
