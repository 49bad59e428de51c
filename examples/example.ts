// Runs one of the applications, each in a folder of its own.
//   npm run example ingest
//   npm run example ingest -- --records 1000     what follows the name goes to the program
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const programs = ['ingest', 'jobs', 'monitor', 'machines-ingest', 'job-farm'];

const [name = '', ...args] = process.argv.slice(2);
if (!programs.includes(name)) {
  console.error(`There is no application '${name}'. There are: ${programs.join(', ')}.`);
  process.exit(1);
}
const file = fileURLToPath(new URL(`./${name}/main.js`, import.meta.url));
const program = spawn(process.execPath, [file, ...args], { stdio: 'inherit' });
// The terminal sends Ctrl-C to both: it is for the program to say what becomes of it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => program.kill('SIGTERM'));
const [code, signal] = (await once(program, 'exit')) as [number | null, NodeJS.Signals | null];
process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
