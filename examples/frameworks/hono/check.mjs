import { checkServer, monitored } from '../check-server.mjs';

await checkServer(['node', 'server.js'], monitored);
