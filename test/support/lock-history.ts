import { Redis } from 'ioredis';
import { Machine, type Said } from './machine.js';
import { random, sleep } from './random.js';
import { type RedisServer, redisServer } from './redis-server.js';
import { type TcpProxy, tcpProxy } from './tcp-proxy.js';

const PROCESSES = 4;

export interface HistoryOptions {
  readonly seconds: number;
  /** ms */
  readonly lease: number;
  readonly seed: number;
}

/** What came of it; all but `sections`, `refused`, `faults` and `longestPause` is to be 0. */
export interface History {
  readonly sections: number;
  /** Writes that the resource has refused. */
  readonly refused: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Between two sections, the end of the test included; ms. */
  readonly longestPause: number;
  readonly tokensBackwards: number;
  readonly tornSections: number;
  readonly tokensOfTwoOwners: number;
  readonly overlaps: number;
}

/**
 * Jepsen in small: four processes take a lock and write with its token to a resource, while they are killed and stopped,
 * their links cut and stalled, and the engine started without its memory. Then the history is looked at.
 */
export async function lockHistory({ seconds, lease, seed }: HistoryOptions): Promise<History> {
  const roll = random(seed);
  let server = await redisServer();
  const store = await redisServer();
  const said: Said[] = [];
  const slots: { machine: Machine; link: TcpProxy }[] = [];
  let over = false;
  let born = 0;
  const spawn = async (slot: number): Promise<void> => {
    const link = await tcpProxy(server.port);
    const options = { url: link.url, namespace: 'history', lock: 'x', lease, store: store.url, grace: true };
    const machine: Machine = new Machine({ ...options, name: `m${slot}.${born++}` }, (one) => {
      said.push(one);
      if (one.ready === true) machine.child.send({ id: 0, what: 'loop' });
    });
    slots[slot] = { machine, link };
    void machine.exited.then(async () => {
      await link.close();
      if (!over) await spawn(slot);
    });
  };
  for (let slot = 0; slot < PROCESSES; slot++) await spawn(slot);
  // The faults begin once the first is at work.
  while (!said.some((one) => one.left !== undefined)) await sleep(20);
  const faults = await strike({
    seconds,
    lease,
    roll,
    slots,
    restart: async () => (server = await restarted(server)),
  });
  const end = Date.now();
  over = true;
  await Promise.all(slots.map(({ machine }) => machine.end()));
  const client = new Redis(store.url);
  const log = await client.lrange('r', 0, -1);
  client.disconnect();
  await server.stop('SIGKILL');
  await store.stop('SIGKILL');
  return { faults, ...judge(log, said, end) };
}

async function restarted(server: RedisServer): Promise<RedisServer> {
  await server.stop('SIGKILL');
  await sleep(50);
  return redisServer({ port: server.port });
}

interface Strike {
  readonly seconds: number;
  readonly lease: number;
  readonly roll: () => number;
  readonly slots: readonly { readonly machine: Machine; readonly link: TcpProxy }[];
  readonly restart: () => Promise<unknown>;
}

async function strike({ seconds, lease, roll, slots, restart }: Strike): Promise<Record<string, number>> {
  const done = { kill: 0, stop: 0, stall: 0, cut: 0, restart: 0 };
  const mending: Promise<void>[] = [];
  const later = (ms: number, mend: () => void) => mending.push(sleep(ms).then(mend));
  for (const end = Date.now() + 1000 * seconds; Date.now() < end; ) {
    await sleep(150 + roll() * 500);
    const slot = slots[Math.floor(roll() * slots.length)];
    if (slot === undefined) continue;
    const { machine, link } = slot;
    const [what, how] = [roll(), roll()];
    if (what < 0.2) {
      done.kill++;
      machine.signal('SIGKILL');
    } else if (what < 0.45) {
      done.stop++;
      machine.signal('SIGSTOP');
      later(100 + how * lease * 3, () => machine.signal('SIGCONT'));
    } else if (what < 0.7) {
      done.stall++;
      link.stall(how < 0.4 ? 'both' : how < 0.7 ? 'there' : 'back');
      later(100 + roll() * lease * 3, () => link.open());
    } else if (what < 0.95) {
      done.cut++;
      link.cut();
      later(50 + how * lease * 2, () => link.open());
    } else {
      done.restart++;
      await restart();
    }
  }
  await Promise.all(mending);
  return done;
}

/** @param log - of the resource: token, who, in or out */
function judge(log: readonly string[], said: readonly Said[], end: number): Omit<History, 'faults'> {
  const writes = log.map((line) => {
    const [token = '', name = '', way = ''] = line.split(' ');
    return { token: BigInt(token), name, way };
  });
  const owners = new Map<bigint, string>();
  let [tokensBackwards, tornSections, tokensOfTwoOwners] = [0, 0, 0];
  writes.forEach(({ token, name, way }, at) => {
    const before = writes[at - 1];
    if (before !== undefined && token < before.token) tokensBackwards++;
    if (way === 'out' && !(before?.token === token && before.way === 'in')) tornSections++;
    if ((owners.get(token) ?? name) !== name) tokensOfTwoOwners++;
    owners.set(token, name);
  });
  const entered = new Map(
    said.flatMap((one) => (one.entered === undefined ? [] : [[one.entered, one.at] as const])),
  );
  const left = said.filter((one) => one.left !== undefined);
  // Those that believed in their lease to their end, by the clock of this machine.
  const spans = left
    .filter((one) => one.valid === true)
    .map((one) => ({ from: entered.get(one.left ?? '') ?? one.at, to: one.at }))
    .sort((a, b) => a.from - b.from);
  const gaps = spans.map(({ from }, at) => from - (spans[at - 1]?.to ?? from));
  return {
    sections: spans.length,
    refused: left.filter((one) => one.wrote === false).length,
    longestPause: Math.max(...gaps, end - (spans.at(-1)?.to ?? 0)),
    tokensBackwards,
    tornSections,
    tokensOfTwoOwners,
    overlaps: gaps.filter((gap) => gap < 0).length,
  };
}
