import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** To an engine that is so many ms away. */
export async function slowLink(port: number, ms: number): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (data) => setTimeout(() => into.destroyed || into.write(data), ms));
      from.on('error', () => from.destroy());
      from.on('close', () => into.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
