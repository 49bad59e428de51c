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
  'map',
  'sections',
  'import',
  'memory',
];
