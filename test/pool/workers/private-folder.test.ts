import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withFewThreads } from '../../support/few-threads.js';
import { installed } from '../../support/installed.js';
import { runNode } from '../../support/run-node.js';

it('a package that its program may read by a capability alone has its worker file', async () => {
  // Made for its owner alone.
  const program = join(installed(), 'program.mjs');
  writeFileSync(
    program,
    `import { Thread } from 'rxjs-threading';
    console.log(await new Thread({ target: (n) => n + 1, args: [1] }).start().result());`,
  );
  // As root another user, who may read by a capability; else oneself.
  const { code, stdout, stderr } = await runNode([program], { under: withFewThreads(200) });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '2\n', stderr: '' });
});
