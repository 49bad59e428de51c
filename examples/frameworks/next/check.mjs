import { createRequire } from 'node:module';
import { checkServer } from '../check-server.mjs';

const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
await checkServer(['node', next, 'start']);
