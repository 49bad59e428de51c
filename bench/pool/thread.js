import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { Thread, threadModule } from 'rxjs-threading';
import { checkEqual, interleave, row, scaled, timed } from '../harness.js';

const JOBS = scaled(1000);
const targets = new URL('../targets.js', import.meta.url);
const child = fileURLToPath(new URL('thread.child.js', import.meta.url));

const { default: target } = threadModule(targets);
const piscina = new Piscina({ filename: targets.href, minThreads: 1, maxThreads: 1 });

/** One job after the other, once the machine is still: see one-after-the-other.js. */
async function perJob(run, jobs = JOBS) {
  let value = 0;
  await delay(30);
  const took = await timed(async () => {
    for (let i = 0; i < jobs; i++) value = await run(value);
  });
  checkEqual('value', value, jobs);
  return took / jobs;
}

const thread = (value) => new Thread({ target, args: [value] }).start().result();
const raw = (value) => piscina.run(value);
// The engine compiles what they run until some 10,000 have.
for (const run of [thread, raw]) await perJob(run, scaled(15_000));
const warm = await interleave({ thread: () => perJob(thread), piscina: () => perJob(raw) });
await piscina.destroy();

const first = (kind) => Number(execFileSync(process.execPath, [child, kind], { encoding: 'utf8' }));
const firsts = await interleave(
  { thread: () => first('thread'), piscina: () => first('piscina') },
  { rounds: 9 },
);

row('Thread, start to result, warm', warm.thread, 'raw piscina.run', warm.piscina, 1.25);
row('the same, first of a process', firsts.thread, 'raw piscina.run', firsts.piscina, 1.1);
process.exit();
