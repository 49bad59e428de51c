import { checkServer } from '../check-server.mjs';

await checkServer(['node', 'server.js']);
