import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that listens. */
export interface Listening {
  readonly url: string;
  /** Ends its connections, and does not wait for who reads. */
  close(): Promise<void>;
  /** From now on neither it nor its connections keep its thread alive. */
  unref(): void;
}

/** @param port - 0: any that is free. Rejects with what the system says, such as EADDRINUSE */
export async function listen(listener: RequestListener, port: number, host: string): Promise<Listening> {
  const addresses = host === 'localhost' ? ['127.0.0.1', '::1'] : [host];
  const servers: Server[] = [];
  let bound = port;
  try {
    for (const address of addresses) {
      const server = createServer(listener);
      server.listen(bound, address);
      if (!(await isListening(server, address))) continue;
      servers.push(server);
      bound = (server.address() as AddressInfo).port;
    }
  } catch (error) {
    await closeAll(servers);
    throw error;
  }
  return {
    url: `http://${shown(host)}:${bound}/`,
    close: () => closeAll(servers),
    unref: () => {
      for (const server of servers) server.unref().on('connection', (socket) => socket.unref());
    },
  };
}

/** false: this machine has no such address. Only of IPv6 beside IPv4, which many containers have not. */
async function isListening(server: Server, address: string): Promise<boolean> {
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (address === '::1' && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) return false;
    throw error;
  }
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(async (server) => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }),
  );
}

/** As a URL has it; of an address that stands for all of the machine's, one that can be visited. */
function shown(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
