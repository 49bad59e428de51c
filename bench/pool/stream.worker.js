import { parentPort } from 'node:worker_threads';

parentPort.on('message', (values) => {
  for (let value = 0; value < values; value++) parentPort.postMessage(value);
});
