import { describe, expect, it } from 'vitest';
import { allocateSession, OPEN, SEEN, seen } from '../../../src/pool/wire/session-cells.js';
import { HangWatch } from '../../../src/pool/workers/hang-watch.js';
import type { Job } from '../../../src/pool/workers/job.js';
import { SentJobs } from '../../../src/pool/workers/sent-jobs.js';
import { openingHere, PLAIN_LIFE } from '../../../src/pool/workers/session-owner.js';
import { SessionWorker } from '../../../src/pool/workers/session-worker.js';
import { setUnhandledHook } from '../../../src/pool/workers/unhandled.js';
import { allocate, park, store } from '../../../src/primitives/memory/word.js';
import { sleep } from '../../support/random.js';
import { until } from '../../support/turns.js';

/** A session that has been given a job, and whether it has been given up. */
function watched() {
  const cells = allocateSession();
  const { port1 } = new MessageChannel();
  const jobs = new SentJobs(cells);
  const session = {
    opened: false,
    dead: false,
    opening: openingHere(port1 as never, cells, 0, PLAIN_LIFE),
    giveUp() {
      session.dead = true;
    },
  };
  const watch = new HangWatch(session, jobs, true);
  const give = (): number => {
    const seq = jobs.offer();
    jobs.add({} as Job, seq);
    return seq;
  };
  return { session, watch, cells, give };
}

/** As often as a session is looked at, for so long. */
async function recheck(watch: HangWatch, ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end && watch.recheck(); ) await sleep(50);
}

describe('a worker that does not look at its job', () => {
  it('is given up after five seconds, but not for the time that it took to come up', async () => {
    setUnhandledHook(() => true);
    const { session, watch, cells, give } = watched();
    give();
    await recheck(watch, 6000);
    session.opened = true;
    store(cells, SEEN, OPEN);
    await recheck(watch, 500);
    expect(session.dead).toBe(false);
    await recheck(watch, 60_000);
    expect(session.dead).toBe(true);
    setUnhandledHook(() => false);
  }, 90_000);

  it('is not given up for a time in which nobody could look, as the process was stopped', async () => {
    const { session, watch, cells, give } = watched();
    session.opened = true;
    const seq = give();
    await recheck(watch, 200);
    await sleep(6000);
    watch.recheck();
    expect(session.dead).toBe(false);
    store(cells, SEEN, seen(seq));
    expect(watch.recheck()).toBe(true);
    expect(session.dead).toBe(false);
  }, 30_000);
});

describe('a worker that has not looked at a job that was withdrawn', () => {
  it('has time for that from when it has come up', async () => {
    const { session, watch, cells } = watched();
    watch.expectLife(0, 0);
    session.opened = true;
    store(cells, SEEN, OPEN);
    await sleep(150);
    expect(session.dead).toBe(false);
    store(cells, SEEN, seen(0));
    await sleep(150);
    expect(session.dead).toBe(false);
  });

  it('is killed where it does not look then', async () => {
    const { session, watch } = watched();
    watch.expectLife(0, 0);
    session.opened = true;
    await until(() => session.dead);
  });
});

describe('a worker that does not say that it is done', () => {
  it('with leftovers or its teardown is not killed for a time in which the process was stopped', async () => {
    const { session, watch } = watched();
    const worker = new SessionWorker();
    let killed = false;
    const terminate = () => {
      killed = true;
    };
    worker.attach({ threadId: 1, exists: () => true, ref: () => {}, open: () => {}, terminate });
    watch.leftoversBegin(1);
    worker.tearDown(() => {});
    // This thread is stopped; there is no other.
    park(allocate(1), 0, 0, 6000);
    await sleep(200);
    expect([session.dead, killed]).toEqual([false, false]);
    watch.leftoversEnd();
    await until(() => killed);
    expect(session.dead).toBe(false);
  }, 30_000);
});
