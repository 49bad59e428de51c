import fc from 'fast-check';
import { MemorySpace } from '../../../src/redis/memory/space.js';
import { split } from '../../../src/redis/memory/state.js';

/** One of a random sequence; what it does depends on what is there. */
export interface Step {
  readonly what: string;
  /** Which of the three sessions. */
  readonly session: number;
  /** Which thing, number, or amount, among those that there are. */
  readonly pick: number;
  readonly flag: boolean;
  readonly twice: boolean;
}

/** What is sent to the engine, and what the model says of it. */
export interface Sent {
  /** µs, by the engine's clock. */
  readonly at: number;
  /** 'flush': the engine loses its memory. */
  readonly args: readonly string[] | 'flush';
  /** What was answered the first time, where the answer was lost and the call comes once more. */
  readonly repeats: readonly string[] | undefined;
  readonly answer: readonly string[];
  readonly messages: readonly string[];
  readonly keys: Record<string, unknown>;
}

const WHAT = {
  acquire: 12,
  release: 8,
  leave: 8,
  set: 2,
  clear: 2,
  await: 5,
  arrive: 8,
  acted: 4,
  withdraw: 2,
  abort: 1,
  reset: 2,
  wait: 5,
  notify: 4,
  again: 4,
  watch: 2,
  unwatch: 1,
  renew: 3,
  restart: 5,
  failover: 2,
  flush: 1,
  bye: 2,
  hello: 4,
  sweep: 3,
  time: 4,
  mint: 1,
};

export const steps = (most: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      what: fc.oneof(
        ...Object.entries(WHAT).map(([what, weight]) => ({ arbitrary: fc.constant(what), weight })),
      ),
      session: fc.nat({ max: 2 }),
      pick: fc.nat({ max: 59 }),
      flag: fc.boolean(),
      twice: fc.boolean(),
    }),
    { minLength: 1, maxLength: most, size: 'max' },
  );

const step = (what: string, session: number, pick = 1, flag = true): Step => ({
  what,
  session,
  pick,
  flag,
  twice: false,
});

/** What random runs seldom come to. */
export const RARE: readonly (readonly Step[])[] = [
  // A party whose lease is over, and nobody has seen that, when the round is full.
  [step('arrive', 0), step('time', 0, 3, false), step('arrive', 1), step('arrive', 2)],
  // A release during the grace, of what was waited for before.
  [step('acquire', 0), step('acquire', 1), step('restart', 2), step('release', 0), step('sweep', 0)],
  // A wait whose session is over is passed over; then that is renewed, and a sweep has more to end than it does at once.
  [
    step('acquire', 2),
    step('acquire', 1),
    ...Array.from({ length: 8 }, () => step('hello', 0, 4)),
    step('time', 0, 5, false),
    step('release', 2),
    step('renew', 1),
  ],
  // Who finds the grace over, and that all who waited for the semaphore meanwhile are dead, declares it anew.
  [
    step('restart', 2),
    ...Array.from({ length: 3 }, () => step('time', 0, 5)),
    step('time', 0, 3, false),
    step('hello', 0, 4),
    step('acquire', 0, 3),
    step('time', 0, 4, false),
    step('acquire', 2, 3),
  ],
  // An owner whose lease is over comes back in the grace, and so has not died.
  [step('acquire', 0), step('time', 0, 3, false), step('restart', 0)],
  // An owner comes back to an engine which knows only that it waits for the lock, or for the lock's condition.
  [step('acquire', 0), step('acquire', 1), step('failover', 1), step('time', 0, 4)],
  [step('acquire', 0), step('wait', 0), step('failover', 0), step('time', 0, 4)],
  // To one which has passed over that wait while the owner's lease was over, and whose clock has gone back since.
  [
    step('acquire', 0),
    step('wait', 0),
    step('time', 0, 3, false),
    step('acquire', 1),
    step('notify', 1),
    step('time', 0, 7, false),
    step('failover', 0),
    step('time', 0, 4),
  ],
  // Who was notified is over, and passes that on, while the condition's lock is watched.
  [
    step('acquire', 0, 0, false),
    step('acquire', 2, 13, false),
    step('wait', 1, 0),
    step('leave', 2, 16, false),
    step('watch', 0, 0, false),
    step('restart', 0, 22, false),
    step('wait', 0, 0, false),
    step('bye', 1, 0, false),
  ],
  // A number that was left is another change's.
  [step('set', 0), step('leave', 0), step('clear', 0, 4), step('again', 0, 2)],
];

const CHANGES: ReadonlySet<string> = new Set(['set', 'clear', 'abort', 'reset', 'notify']);
const HELD = ['l:a', 'l:a', 'l:b', 's:p'];
const PARTIES: Record<string, string> = { 'b:x': '2', 'b:y': '3' };
const WATCHED = ['l:a', 's:p', 'e:e', 'b:x', 'c:a', 'm:'];
const LEASES = [1000, 3000, 20_000];
const START = 1_700_000_000_000_000;

/** A virtual process. */
interface Member {
  name: string;
  readonly lease: number;
  /** Incarnation that it has announced itself to. */
  was: string;
  /** thing, number, token, permits of what it believes to hold. */
  holds: string[][];
}

/** Plays steps against the model, and so finds what to send to an engine and what must come of it. */
export function play(all: readonly Step[]): Sent[] {
  let messages: string[] = [];
  let at = START;
  const fresh = () =>
    new MemorySpace(
      (session, message) => messages.push(`${session} ${message}`),
      () => at,
    );
  let space = fresh();
  const sent: Sent[] = [];
  let names = 0;
  let numbers = 0;
  let run = 1;
  const used: [name: string, k: string, n: string][] = [];
  const changes: Sent[] = [];
  const members: Member[] = LEASES.map((lease) => ({ name: `s${names++}`, lease, was: '', holds: [] }));

  function send(args: readonly string[] | 'flush', repeats?: readonly string[]): readonly string[] {
    messages = [];
    const [operation = '', ...rest] = args;
    if (args === 'flush') space = fresh();
    const answer = args === 'flush' ? [] : space.call(operation, rest);
    const one = { at, args, repeats, answer, messages, keys: keysOf(space) };
    sent.push(one);
    if (CHANGES.has(operation)) changes.push(one);
    return answer;
  }

  function join(member: Member, operation: string, { settle = 0, grace = 2000, info = '' }): void {
    const holds = member.was === `run${run}` ? [] : member.holds.flat();
    const numbers = [member.lease, `run${run}`, member.was, settle, grace, info].map(String);
    const [ok] = send([operation, member.name, ...numbers, ...holds]);
    if (ok === '1') member.was = `run${run}`;
  }

  function begin(member: Member): void {
    member.name = `s${names++}`;
    member.was = '';
    member.holds = [];
    join(member, 'hello', { info: `i${names}` });
  }

  for (const member of members) join(member, 'hello', { settle: 0, info: `i${member.name}` });

  for (const { what, session, pick, flag, twice } of all) {
    const member = members[session] as Member;
    at += pick % 3;
    const { name } = member;
    const entries = [...(space.state.sessions.get(name)?.owned ?? [])].map(([entry, value]) => {
      const [k = '', n = ''] = entry.split(' ');
      return { k, n, value };
    });
    const number = (k: string): string => {
      const mine = used.filter(([other, thing]) => other === name && thing === k);
      const old = pick % 4 === 0 ? mine[pick % mine.length] : undefined;
      if (old !== undefined) return old[2];
      used.push([name, k, `${++numbers}`]);
      return `${numbers}`;
    };
    /** One that the session has, or had. */
    const found = (of: RegExp): { k: string; n: string } | undefined => {
      const now = entries.filter(({ k, n, value }) => n !== '*' && of.test(`${k} ${value}`));
      if (now.length > 0 && pick % 8 !== 0) return now[pick % now.length];
      const before = used.filter(([, k]) => of.test(`${k} w`));
      const [, k = '', n = ''] = before[pick % before.length] ?? [];
      return k === '' ? undefined : { k, n };
    };
    const calls: string[][] = [];
    switch (what) {
      case 'acquire': {
        const k = HELD[pick % HELD.length] as string;
        const permits = k === 's:p' ? (pick % 7 === 0 ? '3' : '2') : '1';
        calls.push([what, name, number(k), k, permits, pick % 6 === 0 ? '0' : '1']);
        break;
      }
      case 'release': {
        const one = found(/^[ls]:\S+ [hw]/);
        if (one !== undefined) calls.push([what, name, one.n, one.k]);
        break;
      }
      case 'leave': {
        const one = found(/./);
        if (one === undefined) break;
        const k = one.k === 'l:a' && pick % 3 > 0 ? 'c:a' : one.k;
        calls.push([what, name, one.n, k, flag ? '1' : '0']);
        break;
      }
      case 'set':
      case 'clear':
        calls.push([what, name, number('e:e'), 'e:e']);
        break;
      case 'await': {
        const now = space.state.things.get('e:e')?.generation ?? 0;
        const from = ['', '', '0', `${now}`, `${now - 1}`][pick % 5] as string;
        calls.push([what, name, number('e:e'), 'e:e', from]);
        break;
      }
      case 'arrive': {
        const k = flag ? 'b:x' : 'b:y';
        const parties = pick % 9 === 0 ? '4' : (PARTIES[k] as string);
        calls.push([what, name, number(k), k, parties, pick % 2 === 0 ? '1' : '0']);
        break;
      }
      case 'acted': {
        const one = found(/^b:\S+ a/);
        if (one !== undefined) calls.push([what, name, one.n, one.k, pick % 3 === 0 ? '0' : '1']);
        break;
      }
      case 'withdraw': {
        const one = found(/^b:/);
        if (one !== undefined) calls.push([what, name, one.n, one.k]);
        break;
      }
      case 'abort':
      case 'reset':
        calls.push([what, name, `${++numbers}`, flag ? 'b:x' : 'b:y']);
        break;
      case 'wait': {
        const hold = entries.find(({ k, value }) => k === 'l:a' && value.startsWith('h'));
        calls.push([what, name, number('c:a'), 'c:a', hold?.n ?? (flag ? '' : 'none')]);
        break;
      }
      case 'notify':
        calls.push([what, name, number('c:a'), 'c:a', `${1 + (pick % 2)}`]);
        break;
      case 'again': {
        // The engine still keeps that it was done: whoever asked for it has not heard. A later change may have its number.
        const unheard = changes.filter(
          ({ args: [, s = '', n = '', k = ''], answer: [, came] }) =>
            s === name && space.state.entry(s, k, n) === (came === undefined ? 'd' : `d ${came}`),
        );
        const one = unheard[pick % unheard.length];
        const ends = space.state.sessions.get(name)?.ends ?? 0;
        if (one !== undefined && 1000 * ends > at) send(one.args, one.answer);
        break;
      }
      case 'watch':
      case 'unwatch':
        calls.push([what, name, '', WATCHED[pick % WATCHED.length] as string]);
        break;
      case 'bye':
        calls.push([what, name, flag ? '1' : '0']);
        break;
      case 'sweep':
        calls.push([what, name]);
        break;
      case 'mint':
        send(['mint', `${1 + (pick % 3)}`]);
        break;
      case 'hello':
        if (space.state.sessions.has(name) && pick % 4 > 0) break;
        begin(member);
        break;
      case 'time': {
        const ms = [0.3, 400, 900, 1100, 2500, 9000, 1_300_000, -3000][pick % 8] as number;
        // Some go on renewing, which ends the others; or nobody has seen yet whose lease is over.
        at += ms * 1000;
        for (const other of members) if (flag && (pick + other.lease) % 3 > 0) join(other, 'renew', {});
        break;
      }
      case 'flush':
        for (const other of members) other.holds = holdsOf(space, other.name);
        send('flush');
        run++;
        break;
      case 'restart':
        for (const other of members) other.holds = holdsOf(space, other.name);
        if (pick % 3 > 0) run++;
        join(member, 'renew', {
          settle: pick % 5 === 0 ? 500 : 0,
          grace: pick % 4 === 0 ? 0 : 2000,
          info: flag ? 'again' : '',
        });
        break;
      case 'failover': {
        // To one that has not heard that the member has got a lock since.
        run++;
        const token = space.state.lastToken + (flag ? 1 : -1000);
        const waited = entries.find(({ k, value }) => /^[cl]:a w/.test(`${k} ${value}`));
        const n = pick % 2 === 1 && waited !== undefined ? waited.n : `${++numbers}`;
        member.holds = [...holdsOf(space, name), ['l:a', n, `${Math.max(1, token)}`, '1']];
        join(member, 'renew', { grace: 2000 });
        break;
      }
      case 'renew':
        join(member, flag && pick % 3 === 0 ? 'hello' : 'renew', { info: pick % 2 === 0 ? `r${pick}` : '' });
        break;
    }
    for (const call of calls) {
      const answer = send(call);
      if (twice) send(call, answer);
    }
  }
  at += 10_000_000_000;
  send(['sweep', 'none']);
  send(['sweep', 'none']);
  return sent;
}

function holdsOf({ state }: MemorySpace, name: string): string[][] {
  const owned = [...(state.sessions.get(name)?.owned ?? [])];
  return owned
    .filter(([, value]) => value.startsWith('h'))
    .map(([entry, value]) => {
      const [k = '', n = ''] = entry.split(' ');
      return [k, n, value.split(' ')[1] as string, k.startsWith('s:') ? '2' : '1'];
    });
}

/** What the model's state is in Redis: each key's content. */
function keysOf({ state }: MemorySpace): Record<string, unknown> {
  const keys: Record<string, unknown> = {};
  const meta: Record<string, string> = {};
  const put = (key: string, content: Record<string, string> | string[]) => {
    if (Object.keys(content).length > 0) keys[key] = content;
  };
  put('ses', Object.fromEntries([...state.sessions].map(([s, { ends }]) => [s, `${ends}`])));
  for (const [s, { joined, info, owned }] of state.sessions) {
    put(`o:${s}`, Object.fromEntries(owned));
    put(`s:${s}`, { j: `${joined}`, ...(info === '' ? {} : { i: info }) });
  }
  for (const [k, thing] of state.things) {
    put(`h:${k}`, Object.fromEntries(thing.holders));
    put(`q:${k}`, [...thing.queue]);
    put(`r:${k}`, [...thing.round]);
    if (thing.declared !== undefined) meta[`d:${k}`] = thing.declared;
    if (thing.died !== '') meta[`x:${k}`] = thing.died;
    if (thing.generation !== 0) meta[`g:${k}`] = `${thing.generation}`;
    if (thing.broken) meta[`b:${k}`] = '1';
    if (thing.watchers.length > 0) meta[`w:${k}`] = thing.watchers.join(' ');
  }
  put('late', [...state.late].sort());
  put('old', Object.fromEntries([...state.old].map(([k, ms]) => [k, `${ms}`])));
  if (state.run !== '') Object.assign(meta, { run: state.run, protocol: '1' });
  if (state.lastToken !== 0) meta.seq = `${state.lastToken}`;
  if (state.longest !== 0) meta.lease = `${state.longest} ${state.longestTill}`;
  if (state.grace !== 0) meta.grace = `${state.grace}`;
  put('meta', meta);
  return keys;
}

/** What must hold of any state, said once more over the plain content of the keys. */
export function faultOf(keys: Record<string, unknown>, at: number): string | undefined {
  const content = (key: string) => (keys[key] ?? {}) as Record<string, string>;
  const meta = content('meta');
  const ses = content('ses');
  const named = (prefix: string) => Object.keys(keys).filter((key) => key.startsWith(prefix));
  for (const key of named('h:')) {
    const k = key.slice(2);
    const holders = content(key);
    const permits = Number(meta[`d:${k}`] ?? '1');
    if (Object.keys(holders).length > permits) return `${k} has more holders than permits`;
    for (const [id, token] of Object.entries(holders)) {
      const [s, n] = split(id);
      if (!content(`o:${s}`)[`${k} ${n}`]?.startsWith(`h ${token} `)) return `${id} of ${key} has no entry`;
      if (meta[`x:${k}`]?.startsWith(`${token} `)) return `${id} has ${k}, and has died`;
      for (const queue of [`q:${k}`, `q:c:${k.slice(2)}`])
        if (((keys[queue] ?? []) as string[]).includes(id)) return `${id} has ${k}, and waits in ${queue}`;
      if (Number(token) > Number(meta.seq)) return `the token of ${id} is above the last`;
    }
  }
  for (const key of [...named('q:'), ...named('r:')]) {
    const k = key.slice(2);
    const ids = keys[key] as string[];
    for (const id of ids) {
      const [s, n] = split(id);
      if (!/^[wWna]/.test(content(`o:${s}`)[`${k} ${n}`] ?? '')) return `${id} of ${key} has no entry`;
    }
    const held = Object.keys(content(`h:${k}`)).length;
    const waits = ids.some((id) => Number(ses[split(id)[0]]) > at / 1000);
    const grace = Number(meta.grace ?? '0') > 0;
    if (/^[ls]/.test(k) && waits && !grace && held < Number(meta[`d:${k}`] ?? '1'))
      return `${k} is free while somebody waits`;
  }
  for (const key of named('o:')) {
    const s = key.slice(2);
    if (ses[s] === undefined) return `${key} is nobody's`;
    for (const [entry, value] of Object.entries(content(key))) {
      const [k = '', n = ''] = entry.split(' ');
      const id = `${s}/${n}`;
      const placed = [...((keys[`q:${k}`] ?? []) as string[]), ...((keys[`r:${k}`] ?? []) as string[])];
      if (value.startsWith('h') && content(`h:${k}`)[id] === undefined) return `${s} ${entry} has nothing`;
      // One whose lease is over was passed over.
      const lives = Number(ses[s]) > at / 1000;
      if (/^[wWna]/.test(value) && lives && !placed.includes(id)) return `${s} ${entry} stands nowhere`;
    }
  }
  return undefined;
}
