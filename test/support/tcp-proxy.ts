import { connect, createServer, type Socket } from 'node:net';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** A link that can be cut, stalled and mended. */
export interface TcpProxy {
  readonly url: string;
  /** Connections made through it. */
  readonly connections: number;
  /** Those that are open are closed, others refused. */
  cut(): void;
  /** Nothing goes through, and nobody is told. 'there': what goes to the server; 'back': what comes from it. */
  stall(way?: 'both' | 'there' | 'back'): void;
  open(): void;
  /** Leads to another server from now on; what is open is closed. */
  turn(port: number): void;
  /** As `turn`, but what is open stays. */
  turnOthers(port: number): void;
  close(): Promise<void>;
}

export function tcpProxy(to: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let [target, mode, connections] = [to, 'open', 0];
  const apply = ({ near, far }: Pair) => {
    const stalled = (way: string) => mode === 'both' || mode === way;
    if (stalled('there')) near.pause();
    else near.resume();
    if (stalled('back')) far.pause();
    else far.resume();
  };
  const drop = () => {
    for (const { near, far } of pairs) {
      near.destroy();
      far.destroy();
    }
  };
  const server = createServer((near) => {
    connections++;
    if (mode === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(target, '127.0.0.1');
    const pair = { near, far };
    pairs.add(pair);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (data) => into.write(data));
      from.on('error', () => from.destroy());
      from.on('close', () => {
        into.destroy();
        pairs.delete(pair);
      });
    }
    apply(pair);
  });
  const set = (next: string) => {
    mode = next;
    for (const pair of pairs) apply(pair);
  };
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({
        url: `redis://127.0.0.1:${port}`,
        get connections() {
          return connections;
        },
        cut() {
          mode = 'cut';
          drop();
        },
        stall: (way = 'both') => set(way),
        open: () => set('open'),
        turn(next) {
          target = next;
          drop();
        },
        turnOthers(next) {
          target = next;
        },
        close: () =>
          new Promise((done) => {
            drop();
            server.close(() => done());
          }),
      });
    });
  });
}
