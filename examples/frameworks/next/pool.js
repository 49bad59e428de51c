import { join } from 'node:path';
import { ThreadPool, threadModule } from 'rxjs-threading';

// A file that Next does not bundle, where the server runs: import.meta.url is that of a bundle.
export const jobs = threadModule(join(process.cwd(), 'jobs', 'primes.js'));

/** One for all routes, and for all versions of them that the development server loads. */
globalThis.primesPool ??= new ThreadPool({ name: 'primes', maxThreads: 2, maxQueue: 4 });
export const pool = globalThis.primesPool;
