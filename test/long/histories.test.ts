import { afterAll, it } from 'vitest';
import { endCrew } from '../support/histories/crew.js';
import { KINDS } from '../support/histories/plan.js';
import { verify } from '../support/histories/verify.js';
import { tried } from '../support/long/tried.js';
import { anySeed } from '../support/random.js';

afterAll(endCrew);

/** Other histories in each run; the one that fails is shown, with its seed. */
const first = anySeed();

it.for(KINDS)('%s does what its model does, in histories of real workers', async (kind, context) => {
  const calm = await verify(kind, first, 220, false);
  const deadly = await verify(kind, first + 220, 40, true);
  tried(context, 'histories', calm.histories + deadly.histories);
  tried(context, 'operations', calm.operations + deadly.operations);
  tried(context, 'deaths', deadly.deaths);
});
