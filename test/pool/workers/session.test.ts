import { expect, it } from 'vitest';
import { claimsOf } from '../../../src/pool/wire/session-cells.js';
import type { Job } from '../../../src/pool/workers/job.js';
import { Session } from '../../../src/pool/workers/session.js';
import type { SessionOwner } from '../../../src/pool/workers/session-owner.js';

it('a worker that goes on while jobs are taken back begins with none behind one of these', () => {
  const session = new Session({} as SessionOwner<Session>, 0);
  const claims = claimsOf(session.opening.cells);
  const jobs = Array.from({ length: 6 }, () => {
    const fields = { args: [], target: null, ident: 0, label: 1, holds: false, transfer: [], returns: true };
    const job = { ...fields, sent: () => {} } as Partial<Job> as Job;
    session.give(job);
    return job;
  });
  const goesOn = (): unknown => jobs.find(({ seq }) => claims.claim(seq, 4096 + seq));
  goesOn();
  let looks = 0;
  const returned = session.takeBackAll(() => {
    if (++looks === 3) goesOn();
    return true;
  });
  const begun = jobs.filter((job) => session.identOf(job) > 0);
  expect([begun, returned].map((some) => some.map(({ seq }) => seq))).toEqual([
    [0, 1],
    [2, 3, 4, 5],
  ]);
  void session.kill();
});
