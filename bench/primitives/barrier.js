import { Barrier, toHandle } from 'rxjs-threading';
import { Crew } from '../crew.js';
import { interleave, row, scaled } from '../harness.js';

const PASSES = scaled(1000);
const barrier = new Barrier(4);
const crew = await new Crew(4).start(new URL('barrier.worker.js', import.meta.url), {
  barrier: toHandle(barrier),
  passes: PASSES,
});

const medians = await interleave({
  ours: async () => (await crew.run(1)) / PASSES,
  futex: async () => (await crew.run(2)) / PASSES,
});
await crew.end();

row('Barrier of 4 workers, one pass', medians.ours, 'a bare futex barrier', medians.futex, 1.5);
