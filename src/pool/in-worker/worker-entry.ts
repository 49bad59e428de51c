import type * as Session from './session.js';

// What Piscina loads in a worker. The build makes it CommonJS, because Piscina tries `require` first, and a worker of
// Node 20 that is terminated while it requires an ES module aborts the whole process; one that imports it just ends.

const session: Promise<typeof Session> = import('./session.js');

export const openSession: Promise<typeof Session.openSession> = session.then((loaded) => loaded.openSession);
