import { on, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Barrier } from 'rxjs-threading';
import { seconds } from './pace.js';

export async function* server(barrier: Barrier, port: Int32Array, times: number): AsyncGenerator<string> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  port[0] = (listener.address() as AddressInfo).port;
  yield 'started';
  const connections = on(listener, 'connection');
  await barrier.wait();
  for (let count = 1; count <= times; count++) {
    const { value } = await connections.next();
    (value[0] as Socket).end(`answer ${count}`);
    yield `processed connection ${count}`;
  }
  listener.close();
}

export async function* client(barrier: Barrier, port: Int32Array, times: number): AsyncGenerator<string> {
  await barrier.wait();
  for (let count = 1; count <= times; count++) {
    await sleep(seconds(0.3));
    const connection = connect(port[0] ?? 0, '127.0.0.1');
    yield `got ${await text(connection)}`;
  }
}
