import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders and files that take long, those that take longest first. */
const LONG = [
  'test/pool/jobs/pool-storm',
  'test/primitives/death',
  'test/interleaving/',
  'test/pool/jobs/',
  'test/stress/',
  'test/primitives/threads/',
  'test/pool/thread/',
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
