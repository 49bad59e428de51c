'use strict';

/*
 * All that workers load, and Piscina, which starts them, in one file without imports: what an application copies beside
 * its bundle and names by setWorkerFile. CommonJS, so that each part is run by the first that requires it.
 *
 * A worker runs this file as its script, so that it is Piscina's worker.js; that requires it again and calls openSession,
 * as it would call that of in-worker/worker-entry.ts. Who starts threads has Piscina from here.
 */

const { isMainThread } = require('node:worker_threads');

if (!isMainThread && process.argv[1] === __filename) {
  require('./pool/workers/worker-files.ts').setWorkerFile(__filename);
  require('piscina/worker');
}

module.exports = {
  LAYOUT: require('./primitives/threads/table.ts').LAYOUT,
  get Piscina() {
    return require('piscina').Piscina;
  },
  get queueOptionsSymbol() {
    return require('piscina').queueOptionsSymbol;
  },
  openSession: (opening) => require('./pool/in-worker/session.ts').openSession(opening),
  mapValues: (...args) => require('./operators/thread-map/in-worker/map-values.ts').mapValues(...args),
  runJob: (...args) => require('./redis/job-body.ts').runJob(...args),
  runPipe: (...args) => require('./operators/thread-pipe/in-worker/run-pipe.ts').runPipe(...args),
};
