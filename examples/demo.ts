// Runs the programs one after another, each in a process of its own, which ends by itself.
//   npm run demo                all of them
//   npm run demo bank           one; what follows its name goes to the program
//   npm run demo -- --fast      pauses are a tenth as long
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const programs = [
  'first-thread',
  'daemon',
  'bank',
  'rlock',
  'event-gate',
  'condition',
  'timer',
  'barrier',
  'with-statement',
  'progress-bar',
];

const args = process.argv.slice(2).filter((arg) => arg !== '--fast');
const pace = process.argv.includes('--fast') ? { EXAMPLES_PACE: '0.1' } : {};
const [chosen, ...rest] = args;
if (chosen !== undefined && !programs.includes(chosen)) {
  console.error(`There is no program '${chosen}'. There are: ${programs.join(', ')}.`);
  process.exit(1);
}

for (const name of chosen === undefined ? programs : [chosen]) {
  console.log(`\n── ${name} ──`);
  const file = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  const program = spawn(process.execPath, [file, ...rest], {
    stdio: 'inherit',
    env: { ...process.env, ...pace },
  });
  const [code] = await once(program, 'exit');
  if (code === 0) continue;
  console.error(`${name} ended with ${code}`);
  process.exitCode = 1;
}
