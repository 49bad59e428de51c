import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { difference, interleave } from '../harness.js';

const child = fileURLToPath(new URL('import.child.js', import.meta.url));

function load(name) {
  return Number(execFileSync(process.execPath, [child, name], { encoding: 'utf8' }));
}

const medians = await interleave(
  { ours: () => load('rxjs-threading'), rxjs: () => load('rxjs') },
  { rounds: 15 },
);

difference('import of the package, processor time', medians.ours, 'rxjs alone', medians.rxjs, 15);
