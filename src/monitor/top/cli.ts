#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandOf, HELP } from './arguments.js';
import { top } from './top.js';

/** What `npx rxjs-threading` runs. What it prints it prints for who has typed it, so errors are a line. */
async function run(): Promise<number> {
  const command = commandOf(process.argv.slice(2));
  if (command.kind === 'top') return top(command);
  process.stdout.write(command.kind === 'help' ? HELP : `${version()}\n`);
  return 0;
}

function version(): string {
  const file = fileURLToPath(new URL('../package.json', import.meta.url));
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}

let unwritten = 0;
// `top` ends by it, and its program before it.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE') unwritten = 1;
});
run().then(
  (code) => {
    process.exitCode = code || unwritten;
  },
  (error: Error) => {
    process.stderr.write(`rxjs-threading: ${error.message}\n`);
    process.exitCode = 1;
  },
);
