import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentThread, Event, Lock, Thread, threadModule } from 'rxjs-threading';
import { expect, it } from 'vitest';

const jobs = threadModule<typeof import('../../fixtures/threading/jobs.js')>(
  new URL('../../fixtures/threading/jobs.js', import.meta.url),
);
const REFUSED = expect.objectContaining({ name: 'ThreadError' });

it('a thread is started once (test_start_thread_again)', async () => {
  const thread = new Thread({ target: jobs.nothing }).start();
  expect(() => thread.start()).toThrow(REFUSED);
  await thread.join();
  expect(() => thread.start()).toThrow(REFUSED);
});

it('the current thread is not joined (test_joining_current_thread)', async () => {
  await expect(currentThread().join()).rejects.toEqual(REFUSED);
  expect(() => currentThread().joinSync()).toThrow(REFUSED);
  await expect(new Thread({ target: jobs.joinItself }).start().result()).rejects.toEqual(REFUSED);
});

it('a thread is not joined before it is started (test_joining_inactive_thread)', async () => {
  const thread = new Thread();
  await expect(thread.join()).rejects.toEqual(REFUSED);
  expect(() => thread.joinSync()).toThrow(REFUSED);
});

it('a running thread does not become a daemon (test_daemonize_active_thread)', async () => {
  const [here, go] = [new Event(), new Event()];
  const thread = new Thread({ target: jobs.stay, args: [here, go] }).start();
  expect(() => {
    thread.daemon = true;
  }).toThrow(REFUSED);
  expect(thread.daemon).toBe(false);
  go.set();
  await thread.join();
});

it('a lock is not released while unlocked (test_releasing_unacquired_lock)', () => {
  expect(() => new Lock().release()).toThrow(REFUSED);
});

it('endless recursion is an error in the thread, and no more (test_recursion_limit)', async () => {
  expect(await new Thread({ target: jobs.recurse }).start().result()).toBe('RangeError');
});

it('many threads write a file and take a stack (test_multithread_modify_file_noerror)', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'threads-'));
  for (let round = 0; round < 20; round++) {
    const thread = new Thread({ target: jobs.writeFile, args: [join(directory, 'file')] }).start();
    expect(await thread.result()).toBe(true);
  }
});
