import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A link to an engine that breaks at a command of one's choice. */
export interface CuttingLink {
  readonly url: string;
  /** Commands that have come since the last call, by name. */
  take(): string[];
  /**
   * At the n-th command from now on all connections end: 'before' the engine has it, or 'after' it has carried it out, and nobody
   * hears its answer. New ones are made as ever.
   *
   * @param cut - called as they end
   */
  cutAt(n: number, when: 'before' | 'after', cut?: (command: string) => void): void;
  close(): void;
}

export async function cuttingLink(port: number): Promise<CuttingLink> {
  const all = new Set<Socket>();
  let came: string[] = [];
  let left = Number.POSITIVE_INFINITY;
  let cut: (near: Socket, far: Socket, bytes: Buffer, command: string) => void = () => {};
  const drop = (but?: Socket): void => {
    for (const one of all) if (one !== but) one.destroy();
  };
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      all.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        all.delete(one);
        other.destroy();
      });
    }
    far.on('data', (data) => near.write(data));
    let waiting = Buffer.alloc(0);
    near.on('data', (data) => {
      waiting = Buffer.concat([waiting, data]);
      for (let end = endOf(waiting); end > 0; end = endOf(waiting)) {
        const bytes = waiting.subarray(0, end);
        waiting = waiting.subarray(end);
        const name = `${bytes}`.split('\r\n').slice(2, 5).join(' ').slice(0, 60);
        came.push(name);
        if (--left === 0) return cut(near, far, bytes, name);
        far.write(bytes);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = came;
      came = [];
      return taken;
    },
    cutAt(n, when, told = () => {}) {
      left = n;
      cut = (near, far, bytes, command) => {
        near.removeAllListeners('data');
        far.removeAllListeners('data');
        far.resume();
        if (when === 'before') {
          told(command);
          drop();
          return;
        }
        // It reads what came before the end, and ends then.
        far.end(bytes);
        far.once('close', () => {
          told(command);
          drop();
        });
      };
    },
    close() {
      drop();
      server.close();
    },
  };
}

/** Where the first command ends; 0: not all of it is there. */
function endOf(bytes: Buffer): number {
  let at = 0;
  const line = (): number => {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return Number.NaN;
    const number = Number(bytes.toString('latin1', at + 1, end));
    at = end + 2;
    return number;
  };
  const words = bytes.length > 0 ? line() : Number.NaN;
  for (let word = 0; word < words; word++) {
    const length = line();
    at += length + 2;
    if (!(at <= bytes.length)) return 0;
  }
  return words > 0 ? at : 0;
}
