/** Each a module here that tells the rows of its group. */
export const GROUPS = [
  'lock',
  'await',
  'queue',
  'bank',
  'wake',
  'barrier',
  'thread',
  'stream',
  'sections',
  'import',
  'memory',
];
