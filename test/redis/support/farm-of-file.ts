import { afterAll, beforeAll } from 'vitest';
import { Farm } from '../../support/job-farm.js';
import { type RedisServer, redisServer } from '../../support/redis-server.js';

/** The server of a test file, and a farm on it that serves in this process. */
export function farmOfFile() {
  let server: RedisServer;
  let shared: Farm;
  beforeAll(async () => {
    server = await redisServer();
    shared = new Farm(server);
    shared.serve();
  });
  afterAll(async () => {
    await shared[Symbol.asyncDispose]();
    await server.stop();
  });
  return {
    get server(): RedisServer {
      return server;
    },

    /** Runs with the farm of the file, or with one of the test's own, which has such options. */
    async farmed(run: (farm: Farm) => Promise<void>, options?: ConstructorParameters<typeof Farm>[1]) {
      if (options === undefined) return run(shared);
      const farm = new Farm(server, options);
      try {
        farm.serve();
        await run(farm);
      } finally {
        await farm[Symbol.asyncDispose]();
      }
    },
  };
}
