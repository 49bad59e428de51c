/** A process, as the engine knows it. */
export interface Session {
  /** ms at which its lease ends. */
  ends: number;
  readonly joined: number;
  /** What it says of itself, JSON. */
  info: string;
  /** `thing number` -> what the wait or hold has come to, in the words of script/names.lua. */
  readonly owned: Map<string, string>;
}

/** A lock, semaphore, event, barrier or condition, or `m:`, which stands for the members. */
export class Thing {
  /** id -> token */
  readonly holders: Map<string, string> = new Map();
  /** ids, in the order they came. */
  queue: string[] = [];
  /** Of a barrier: the ids of the round whose action runs. */
  round: string[] = [];
  /** Permits or parties, as the first that asked has said. */
  declared: string | undefined;
  /** Of an owner that died with it: `token JSON`; '': of none. */
  died = '';
  /** Of an event: odd while set. */
  generation = 0;
  broken = false;
  watchers: string[] = [];

  get used(): boolean {
    return this.holders.size + this.queue.length + this.round.length > 0;
  }

  /** Whether nothing is lost if it is made anew. */
  get blank(): boolean {
    const { used, died, generation, broken, watchers } = this;
    return !used && died === '' && generation === 0 && !broken && watchers.length === 0;
  }
}

/**
 * What the engine in memory knows of one namespace, and what all of its operations do with that: what is keys in Redis, and
 * script/names.lua.
 */
export class MemoryState {
  readonly sessions: Map<string, Session> = new Map();
  readonly things: Map<string, Thing> = new Map();
  /** Things to be granted when the grace is over. */
  readonly late: Set<string> = new Set();
  /** Clear events -> ms at which their generation may be forgotten. */
  readonly old: Map<string, number> = new Map();
  lastToken = 0;
  /** The incarnation that sessions have announced themselves to. */
  run = '';
  /** ms until nobody new gets anything; 0: there is none. */
  grace = 0;
  /** ms: the longest lease that anybody has, and until when that is so. */
  longest = 0;
  longestTill = 0;
  /** Sends a message to a session. */
  readonly tell: (session: string, message: string) => void;
  readonly #clock: () => number;
  readonly #touched = new Set<string>();
  /** µs since the epoch. */
  micros = 0;

  /** @param clock - µs since the epoch */
  constructor(tell: (session: string, message: string) => void, clock: () => number) {
    this.tell = tell;
    this.#clock = clock;
  }

  /** One operation: its clock stands still, and what nobody uses is forgotten after it. */
  during<T>(operation: () => T): T {
    this.micros = this.#clock();
    try {
      return operation();
    } finally {
      for (const k of this.#touched) if (this.things.get(k)?.blank === true) this.things.delete(k);
      this.#touched.clear();
    }
  }

  /** ms since the epoch. */
  get now(): number {
    return Math.floor(this.micros / 1000);
  }

  alive(s: string): boolean {
    const session = this.sessions.get(s);
    return session !== undefined && session.ends > this.now;
  }

  /** The first of so many tokens, each one above the other. */
  mintAll(count: number): number {
    const first = this.mint();
    this.lastToken += count - 1;
    return first;
  }

  /** Above every one before. @param odd - undefined: either */
  mint(odd?: boolean): number {
    this.lastToken = Math.max(this.lastToken + 1, this.micros);
    if (odd !== undefined && (this.lastToken % 2 === 1) !== odd) this.lastToken++;
    return this.lastToken;
  }

  thing(k: string): Thing {
    this.#touched.add(k);
    let thing = this.things.get(k);
    if (thing === undefined) {
      thing = new Thing();
      this.things.set(k, thing);
    }
    return thing;
  }

  entry(s: string, k: string, n: string): string | undefined {
    return this.sessions.get(s)?.owned.get(`${k} ${n}`);
  }

  keep(s: string, k: string, n: string, value: string): void {
    this.sessions.get(s)?.owned.set(`${k} ${n}`, value);
  }

  drop(s: string, k: string, n: string): void {
    this.sessions.get(s)?.owned.delete(`${k} ${n}`);
  }

  enqueue(s: string, n: string, k: string, value: string): void {
    this.thing(k).queue.push(`${s}/${n}`);
    this.keep(s, k, n, value);
  }

  /** Takes a waiter out, wherever it stands. */
  takeOut(id: string, k: string): void {
    const thing = this.thing(k);
    thing.queue = thing.queue.filter((other) => other !== id);
    thing.round = thing.round.filter((other) => other !== id);
  }

  lines(k: string): string[] {
    const { holders, queue, generation, broken } = this.thing(k);
    if (k.startsWith('e:')) return [`${generation}`];
    if (k.startsWith('b:')) return [`${queue.length}`, broken ? '1' : '0'];
    if (k.startsWith('c:')) return [`${queue.length}`];
    const counts = [`${holders.size}`, `${queue.length}`];
    const [holder] = holders;
    if (holder === undefined || !k.startsWith('l:')) return counts;
    const [s] = split(holder[0]);
    return [...counts, holder[1], s, this.sessions.get(s)?.info ?? ''];
  }

  /** Tells those who watch it; a thing that nobody has or waits for is declared anew by the next. */
  changed(k: string): void {
    const thing = this.thing(k);
    if (!thing.used) thing.declared = undefined;
    if (thing.watchers.length === 0) return;
    const message = [`w ${k}`, `${this.micros}`, ...(k === 'm:' ? [] : this.lines(k))].join('\n');
    for (const s of thing.watchers) this.tell(s, message);
  }

  unwatch(s: string, k: string): void {
    const thing = this.thing(k);
    thing.watchers = thing.watchers.filter((other) => other !== s);
  }
}

/** Whose it is, and the number that its session gave it. */
export function split(id: string): [session: string, number: string] {
  const at = id.indexOf('/');
  return [id.slice(0, at), id.slice(at + 1)];
}
