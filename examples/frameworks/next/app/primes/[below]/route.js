import { jobs, pool } from '../../../pool.js';

export const runtime = 'nodejs';

export async function GET(request, { params }) {
  const { below } = await params;
  try {
    // The request's signal is aborted when the client goes away.
    const primes = await pool.run(jobs.countPrimes, [Number(below)], { signal: request.signal });
    return Response.json({ primes });
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: 499 }); // nobody is there to be told
    if (error.code !== 'ERR_POOL') throw error;
    return Response.json({ error: 'all workers are busy' }, { status: 503, headers: { 'retry-after': '1' } });
  }
}
