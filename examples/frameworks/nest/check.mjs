import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { checkServer, monitored } from '../check-server.mjs';

await checkServer(['node', 'dist/main.js'], async (server) => {
  await monitored(server);
  await statsArrive(server);
});
await tests();

/** Two connections to the stream: one breaks, one is there when the server is told to end, and must not keep it. */
async function statsArrive(server) {
  const leave = new AbortController();
  const broken = await server.get('/stats/live', leave.signal);
  assert.equal(await firstEvent(broken), 0);
  leave.abort();
  const open = await server.get('/stats/live');
  assert.equal(await firstEvent(open), 0);
  console.log('the state is a stream of events');
}

/** How many jobs are queued, as the first event tells. */
async function firstEvent(response) {
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  let text = '';
  for await (const part of response.body
    .pipeThrough(new TextDecoderStream())
    .values({ preventCancel: true })) {
    text += part;
    const data = /^data: (.*)$/m.exec(text);
    if (data !== null) return JSON.parse(data[1]).queued;
  }
  throw new Error(`the stream ended after ${text}`);
}

/** By ts-jest where workers load TypeScript; before, of the compiled files. */
async function tests() {
  const { typescript = false } = process.features;
  const compiled = ['--rootDir', 'dist', '--transform', '{}'];
  const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
  const run = spawn('node', [jest, ...(typescript === false ? compiled : [])], { stdio: 'inherit' });
  const [code] = await once(run, 'exit');
  assert.equal(code, 0, 'jest');
}
