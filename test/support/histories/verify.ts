import { check } from './linearizable.js';
import { modelOf } from './models/model-of.js';
import { type Kind, plan } from './plan.js';
import { explain } from './print.js';
import { run } from './run.js';
import { shrink } from './shrink.js';

/** How many of what were checked. */
export interface Checked {
  histories: number;
  operations: number;
  deaths: number;
}

/**
 * Makes histories of one primitive with real workers, a seed each from `first` on, and checks every one.
 *
 * @throws Error that shows the first wrong one, made small, with its seed
 */
export async function verify(kind: Kind, first: number, count: number, kill: boolean): Promise<Checked> {
  const checked = { histories: 0, operations: 0, deaths: 0 };
  for (let seed = first; seed < first + count; seed++) {
    const planned = plan({ kind, seed, kill, operations: 120 });
    const { operations, faults } = await run(planned);
    const model = modelOf(planned);
    const verdict = check(model, operations);
    if (!verdict.right) {
      const small = shrink(model, operations);
      const title = `${kind}(${planned.size}), seed ${seed}${kill ? ' with a death' : ''}: ${small.length} of ${operations.length} operations`;
      throw new Error(`${title}\n${explain(model, small, check(model, small))}\n${faults.join('\n')}`);
    }
    if (faults.length > 0) throw new Error(`${kind}, seed ${seed}: ${faults.join('\n')}`);
    checked.histories++;
    checked.operations += operations.length;
    checked.deaths += Number(kill);
  }
  return checked;
}
