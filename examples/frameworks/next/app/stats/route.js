import { pool } from '../../pool.js';

export const dynamic = 'force-dynamic';

export function GET() {
  return Response.json(pool.stats);
}
