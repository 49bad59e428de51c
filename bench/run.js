// node bench/run.js [group or set…] [--quick] [--json]: all groups, or those named.
import { cpus } from 'node:os';
import { GROUPS, SETS } from './groups.js';
import { isMissed, json, printHead, quick, runGroup } from './harness.js';

const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const named = asked.flatMap((name) => (Object.hasOwn(SETS, name) ? SETS[name] : name));
for (const name of named) {
  if (!Object.hasOwn(GROUPS, name)) {
    console.error(`no group ${name}; there are ${Object.keys({ ...GROUPS, ...SETS }).join(', ')}`);
    process.exit(2);
  }
}

const machine = `Node ${process.versions.node}, ${process.platform}, ${cpus().length} cores`;
printHead(quick ? `${machine}; a quick run, whose figures mean nothing` : machine);
let missed = 0;
for (const group of named.length > 0 ? named : Object.keys(GROUPS)) {
  const lines = await runGroup(new URL(GROUPS[group], import.meta.url));
  missed += lines.filter(isMissed).length;
}
if (!quick && !json) console.log(`${missed} of the rows past their reach`);
