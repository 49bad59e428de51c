import { Event, Timer, threadModule } from 'rxjs-threading';
import { expect, it } from 'vitest';

const jobs = threadModule<typeof import('../../fixtures/threading/jobs.js')>(
  new URL('../../fixtures/threading/jobs.js', import.meta.url),
);

it('timers share no arguments (test_init_immutable_default_args)', async () => {
  const args: unknown[] = [];
  const first = new Timer(10, jobs.echo, args).start();
  expect(await first.result()).toEqual([]);
  args.push('blah');
  const second = new Timer(10, jobs.echo).start();
  expect(await second.result()).toEqual([]);
  expect(await first.join()).toBe(true);
  expect(await second.join()).toBe(true);
});

it('a timer runs when its time has come, and has finished then', async () => {
  const start = performance.now();
  const timer = new Timer(50, jobs.echo, ['hello']).start();
  expect(timer.isAlive()).toBe(true);
  expect(timer.finished.isSet()).toBe(false);
  expect(await timer.result()).toEqual(['hello']);
  expect(performance.now() - start).toBeGreaterThanOrEqual(50);
  expect(await timer.finished.wait()).toBe(true);
});

it('a timer that is cancelled in time does not run', async () => {
  const ran = new Event();
  const timer = new Timer(60_000, jobs.stay, [ran, ran]).start();
  timer.cancel();
  expect(await timer.join()).toBe(true);
  expect(timer.finished.isSet()).toBe(true);
  expect(ran.isSet()).toBe(false);
});
