/** Where each group's module lies: it tells the rows of its group. */
export const GROUPS = {
  lock: 'primitives/lock.js',
  await: 'primitives/await.js',
  queue: 'primitives/queue.js',
  bank: 'primitives/bank.js',
  wake: 'primitives/wake.js',
  barrier: 'primitives/barrier.js',
  thread: 'pool/thread.js',
  jobs: 'pool/jobs.js',
  stream: 'pool/stream.js',
  elsewhere: 'pool/elsewhere.js',
  map: 'operators/map.js',
  sections: 'operators/sections.js',
  import: 'project/import.js',
  'remote-jobs': 'machines/jobs.js',
  monitor: 'project/monitor.js',
  memory: 'primitives/memory.js',
  'remote-locks': 'machines/locks.js',
};

/** Groups that one name asks for together. */
export const SETS = {
  machines: ['remote-locks', 'remote-jobs'],
};
