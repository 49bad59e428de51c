import type * as Worker from './session.js' with { 'resolution-mode': 'import' };

// What Piscina loads in a worker. CommonJS, because Piscina tries `require` first, and a worker of Node 20 that is
// terminated while it requires an ES module aborts the whole process; one that imports it just ends.

const worker: Promise<typeof Worker> = import('./session.js');
const entry: { readonly [name in 'openSession' | 'runJob']: Promise<(typeof Worker)[name]> } = {
  openSession: worker.then(({ openSession }) => openSession),
  runJob: worker.then(({ runJob }) => runJob),
};
export = entry;
