// The ingest of ../ingest on three processes, whose writers share one checkpoint under a lock that reaches across machines.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Machines } from 'rxjs-threading/redis';
import { generate } from '../ingest/generate.js';
import { redis } from '../job-farm/redis.js';
import { SharedCheckpoint } from './checkpoint.js';

const { values: options } = parseArgs({
  options: {
    directory: { type: 'string', default: 'build/machines-ingest' },
    records: { type: 'string', default: '20000' },
    /** ms until one of the processes is killed; it is started again. 0: none. */
    kill: { type: 'string', default: '1500' },
  },
});
const { directory } = options;
const SHARES = 3;
await mkdir(directory, { recursive: true });
const log = join(directory, 'access.log');
if (!existsSync(log)) await generate(log, Number(options.records), 1);

const { url, stop } = await redis();
const running = new Map<number, ChildProcess>();

/** Runs a share to its end, however often its process is killed. */
async function run(share: number): Promise<void> {
  for (;;) {
    const args = [url, directory, `${share}`, `${SHARES}`];
    const one = fork(fileURLToPath(new URL('./ingest.process.js', import.meta.url)), args);
    running.set(share, one);
    const [code, signal] = await once(one, 'exit');
    if (code === 0) return;
    if (signal !== 'SIGKILL') throw new Error(`share ${share} ended with ${code ?? signal}`);
    console.error(`share ${share} was killed, and goes on where its outputs are`);
  }
}

const killing =
  Number(options.kill) > 0
    ? setTimeout(() => running.get(0)?.kill('SIGKILL'), Number(options.kill))
    : undefined;
await Promise.all(Array.from({ length: SHARES }, (_, share) => run(share)));
clearTimeout(killing);

const machines = new Machines({ connection: url, namespace: 'ingest' });
for (const [output, { records, size }] of Object.entries(
  await new SharedCheckpoint(machines, directory).read(),
))
  console.log(`${output}: ${records} records, ${size} bytes`);
await machines.close();
await stop();
