import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders and files that take long, those that take longest first. */
const LONG = [
  // Of test/long: what computes beside what waits.
  'test/long/pool-storm',
  'test/long/interleaving-complete',
  'test/long/interleaving-generated',
  'test/long/interleaving-random',
  'test/long/interleaving-deaths',
  'test/long/histories',
  'test/long/leaks',
  'test/long/terminate',
  // One after the other, because they share a process.
  'test/interleaving/',
  'test/pool/jobs/pool-',
  'test/stress/',
  'test/monitor/freshness',
  'test/primitives/death',
  'test/pool/jobs/',
  'test/pool/workers/',
  'test/primitives/threads/',
  'test/monitor/',
  'test/pool/thread/',
  'test/histories/',
  'test/project/',
];

function rank({ moduleId }: TestSpecification): number {
  const at = LONG.findIndex((part) => moduleId.replaceAll('\\', '/').includes(part));
  return at === -1 ? LONG.length : at;
}

/** Begins what takes long, so that at the end no worker is left alone with it. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
