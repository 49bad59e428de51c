import { Event, Thread, threadModule } from 'rxjs-threading';
import { expect, it } from 'vitest';

type Starters = typeof import('../../fixtures/threading/starters.js');
const { sleepHeldUp } = threadModule<Starters>(
  new URL('../../fixtures/threading/starters.js', import.meta.url),
);

it.each([1, 2, 3])('a cancel before step %d of sleepSync ends it', async (n) => {
  const [begun, cancelled] = [new Event(), new Event()];
  const thread = new Thread({ target: sleepHeldUp, args: [n, begun, cancelled] }).start();
  await begun.wait();
  thread.cancel();
  cancelled.set();
  expect(await thread.result({ timeout: 15_000 })).toBe(true);
});
