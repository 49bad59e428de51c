import { hostname } from 'node:os';
import { isPlain } from '../pool/wire/value-kinds.js';
import { checkCount, checkOptions, show } from '../primitives/options.js';

/** What a Machines is made with. */
export interface MachinesOptions {
  /**
   * A `redis://` or `rediss://` URL, ioredis options, or what makes an ioredis connection, whose options are then used;
   * 'memory': an engine in this process, which survives nothing, for tests. Three connections are opened.
   */
  connection: string | object | (() => unknown);
  /** Who shares a namespace shares its names. All of it lives in one hash slot. `[A-Za-z0-9_-]{1,64}` */
  namespace: string;
  /** Of this process, for people: in `enumerate`, errors and monitors. Default: host and pid. */
  name?: string | undefined;
  /**
   * ms that this process may be silent before others take what it holds: 500 to 600,000. Default 10,000. It is renewed
   * every third of it, by a thread that no code of yours can block. A killed process, a lost machine and a cut link cost
   * the next owner up to this long; a crash, an exit and a kill seen by a process of the same machine cost nothing.
   */
  lease?: number | undefined;
  /**
   * After the engine lost its memory, nobody new gets anything for one lease, so that owners can say what they have.
   * Default true.
   */
  grace?: boolean | undefined;
  /** Replicas that must have a grant before it counts (WAIT); fewer within 1 s: given back, and the wait fails. Default 0. */
  replicas?: number | undefined;
  /** How arguments and results travel. Default JSON; what JSON would lose is a TypeError naming its place. */
  codec?: Codec | undefined;
}

/** How values travel between machines. */
export interface Codec {
  /** A text for what is sent; not called for undefined. What it throws is the error of who sends. */
  encode(value: unknown): string;
  /** What `encode` made that text of. */
  decode(text: string): unknown;
}

/** What came of MachinesOptions. */
export interface CheckedOptions {
  readonly connection: string | object | (() => unknown);
  readonly namespace: string;
  readonly name: string;
  readonly lease: number;
  readonly grace: boolean;
  readonly replicas: number;
  readonly codec: Codec | undefined;
}

const KNOWN = ['connection', 'namespace', 'name', 'lease', 'grace', 'replicas', 'codec'];

/** @throws TypeError, RangeError showing the value */
export function checkMachines(options: MachinesOptions): CheckedOptions {
  if (options === undefined) throw new TypeError('options must be an object, got undefined');
  checkOptions(options, KNOWN);
  const { connection, namespace, name = `${hostname()}:${process.pid}`, lease = 10_000 } = options;
  const { grace = true, replicas = 0, codec } = options;
  checkConnection(connection);
  if (typeof namespace !== 'string')
    throw new TypeError(`namespace must be a string, got ${show(namespace)}`);
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(namespace))
    throw new RangeError(`namespace must be 1 to 64 of A-Z, a-z, 0-9, _ and -, got ${show(namespace)}`);
  if (typeof name !== 'string') throw new TypeError(`name must be a string, got ${show(name)}`);
  checkCount('lease', lease, 500, 600_000);
  if (typeof grace !== 'boolean') throw new TypeError(`grace must be a boolean, got ${show(grace)}`);
  checkCount('replicas', replicas, 0, 100);
  if (codec !== undefined) checkCodec(codec);
  return { connection, namespace, name, lease, grace, replicas, codec };
}

function checkConnection(connection: unknown): void {
  if (typeof connection === 'string') {
    if (connection === 'memory' || (/^rediss?:\/\//.test(connection) && URL.canParse(connection))) return;
    // Without who connects, and a password.
    const shown = show(connection.replace(/\/\/.*@/s, '//...@'));
    throw new RangeError(`connection must be a redis:// or rediss:// URL or 'memory', got ${shown}`);
  }
  if (typeof connection === 'function') return;
  let shown = show(connection);
  if (typeof connection === 'object' && connection !== null) {
    // A URL object, say, or a promise has no options, and would be taken for this machine's.
    if (isPlain(connection) || Array.isArray(connection) || Object.keys(connection).length > 0) return;
    shown = Object.prototype.toString.call(connection);
  }
  throw new TypeError(`connection must be the text of a URL, ioredis options or a function, got ${shown}`);
}

function checkCodec(codec: unknown): void {
  const { encode, decode } = (codec ?? {}) as Partial<Codec>;
  if (typeof encode !== 'function' || typeof decode !== 'function')
    throw new TypeError(`codec must have encode and decode, got ${show(codec)}`);
}

/** Of a lock, an event and so on: whatever people call it, but for what messages are made of. */
export function checkThingName(name: unknown): string {
  if (typeof name !== 'string') throw new TypeError(`name must be a string, got ${show(name)}`);
  // Half a surrogate pair would not come back from the engine as it went.
  if (!/^[^\p{Cc}\p{Cs}]{1,200}$/u.test(name))
    throw new RangeError(
      `name must be 1 to 200 characters, none of them a control character, got ${show(name)}`,
    );
  return name;
}
