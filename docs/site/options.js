// The page of all options, out of the types in src: each option's text is its TSDoc.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'rolldown/utils';

const src = fileURLToPath(new URL('../../src', import.meta.url));

/** Of each entry of the package with options: its exports, in src. */
const INDEXES = {
  'rxjs-threading': 'index.ts',
  'rxjs-threading/monitor': 'monitor/index.ts',
  'rxjs-threading/redis': 'redis/index.ts',
};

/** Where each is given, in the order of the page. */
export const GIVEN_TO = {
  'rxjs-threading': {
    JobRunnerOptions: 'runner.run(target, args, options), runner.stream(target, args, options)',
    PrimitiveOptions:
      'new Lock(options), new RLock(options), new Event(options), new Semaphore(n, options), new Condition(lock, options)',
    BarrierOptions: 'new Barrier(parties, options)',
    AcquireOptions: 'acquire(options), hold(options)',
    AcquireSyncOptions: 'acquireSync(options), holdSync(options)',
    WaitOptions: 'wait(options), join(options), result(options)',
    WaitSyncOptions: 'waitSync(options), joinSync(options)',
    ThreadOptions: 'new Thread(options)',
    TimerOptions: 'new Timer(ms, target, args, options)',
    ThreadPoolOptions: 'new ThreadPool(options)',
    WorkerOptions: 'new ThreadPool(options), new Thread(options)',
    RunOptions: 'pool.broadcast(target, args, options), runInThread(target, args, options)',
    PoolRunOptions: 'pool.run(target, args, options)',
    RoomOptions: 'pool.room(options)',
    MapOptions: 'pool.map(iterable, target, options)',
    RunInThreadOptions: 'runInThread(target, args, options)',
    ThreadMapOptions: 'threadMap(target, options)',
    ThreadPipeOptions: 'threadPipe(target, options)',
    WithLockOptions: 'withLock(lock, project, options)',
    AwaitEventOptions: 'awaitEvent(event, options)',
    AwaitConditionOptions: 'awaitCondition(condition, predicate, options)',
    TimerDelayOptions: 'timerDelay(ms, options)',
    ThreadErrorOptions: 'new ThreadError(message, options)',
    OwnerDiedErrorOptions: 'new OwnerDiedError(message, options)',
  },
  'rxjs-threading/monitor': {
    ServeOptions: 'serveMonitor(options)',
    MonitorOptions: 'monitorHandler(options)',
    InspectOptions: 'inspect(options), inspect$(options)',
    DeadlockOptions: 'deadlocks(options), threadDump(options)',
    RecordOptions: 'record(options)',
    InstrumentOptions: 'instrument(options)',
  },
  'rxjs-threading/redis': {
    MachinesOptions: 'new Machines(options)',
    RemoteLockOptions: 'machines.lock(name, options), machines.rlock(name, options)',
    RemoteBarrierOptions: 'machines.barrier(name, parties, options)',
    RemotePoolOptions: 'machines.pool(name, options)',
    RemoteRunOptions:
      'pool.run(target, args, options), pool.stream(target, args, options), pool.timer(interval, target, args, options)',
    RetryOptions: 'machines.pool(name, { retry }), pool.run(target, args, { retry })',
    ServeOptions: 'machines.serve(name, options)',
    LockLostErrorOptions: 'new LockLostError(message, options)',
    EngineErrorOptions: 'new EngineError(message, options)',
  },
};

/** Of the options whose text does not tell it, or not by itself. */
const DEFAULTS = {
  'AwaitConditionOptions.timeout': 'for ever',
  'AwaitEventOptions.keep': "'all'",
  'AwaitEventOptions.timeout': 'for ever',
  'ThreadOptions.args': '[]',
  'ThreadOptions.stdout': 'false',
  'ThreadOptions.stderr': 'false',
  'WaitSyncOptions.timeout': 'for ever',
  'WithLockOptions.timeout': 'for ever',
  'WithLockOptions.owner': 'the section alone',
  'WorkerOptions.env': 'a copy of that of this thread',
};

/** Of the options that have no text in src. */
const TEXTS = {
  'RunInThreadOptions.pool': 'A ThreadPool in which the thread is a job.',
  'ThreadMapOptions.pool': 'Whose workers map the values.',
  'ThreadPipeOptions.pool': 'A ThreadPool in which the thread is a job.',
  'ThreadPoolOptions.name': 'In errors, warnings and monitors.',
};

/** @typedef {{ name: string, type: string, text: string, default: string | undefined, of: string }} Option */

/** The options of all exported types whose name ends with Options, of each entry. @returns {Map<string, Map<string, Option[]>>} */
export function readOptions() {
  return new Map(Object.entries(INDEXES).map(([entry, index]) => [entry, optionsIn(join(src, index))]));
}

function optionsIn(index) {
  const types = new Map();
  for (const [, names, file] of readFileSync(index, 'utf8').matchAll(
    /export (?:type )?\{([^}]*)\} from '(.*?)'/g,
  ))
    for (const [name] of names.matchAll(/\w+Options\b/g))
      types.set(name, optionsOf(name, join(dirname(index), file)));
  return types;
}

/** @returns {Option[]} those it inherits last */
function optionsOf(name, file) {
  const path = file.replace(/\.js$/, '.ts');
  const text = readFileSync(path, 'utf8');
  const { program, comments } = parseSync(path, text);
  const declared = (type) =>
    program.body
      .map((node) => node.declaration ?? node)
      .find((node) => node.type === type.kind && node.id.name === name);
  const found = declared({ kind: 'TSInterfaceDeclaration' });
  const alias = declared({ kind: 'TSTypeAliasDeclaration' });
  if (alias !== undefined) return withoutOmitted(alias, program, path);
  if (found === undefined) return optionsOf(name, importedFrom(program, name, path));
  const own = found.body.body.map((member) => option(member, text, comments, name));
  const inherited = found.extends.flatMap(({ expression }) => {
    const parent = expression.name;
    if (parent === 'ErrorOptions') return [];
    const here = program.body.some((node) => node.declaration?.id?.name === parent);
    return optionsOf(parent, here ? path : importedFrom(program, parent, path));
  });
  const all = [...own, ...inherited];
  return all.filter((one, index) => all.findIndex((other) => other.name === one.name) === index);
}

/** Of `type … = Omit<Options, 'a' | 'b'>`. */
function withoutOmitted({ id, typeAnnotation }, program, path) {
  const [base, names] = typeAnnotation.typeArguments?.params ?? [];
  if (typeAnnotation.typeName?.name !== 'Omit')
    throw new Error(`${id.name} is no interface, nor Omit of one`);
  const omitted = (names.types ?? [names]).map(({ literal }) => literal.value);
  const from = importedFrom(program, base.typeName.name, path);
  return optionsOf(base.typeName.name, from).filter(({ name }) => !omitted.includes(name));
}

/** The file that a module imports, or exports, a name from. */
function importedFrom(program, name, path) {
  const from = program.body.find(
    (node) => node.source && node.specifiers?.some((one) => (one.local ?? one.exported).name === name),
  );
  if (from === undefined) throw new Error(`${path} has no ${name}`);
  return join(dirname(path), from.source.value);
}

function option(member, text, comments, of) {
  // Biome's comments stand between a member and its TSDoc.
  const between = (comment) => /^\s*(\/\/.*\s+)*$/.test(text.slice(comment.end, member.start));
  const comment = comments.find((one) => one.type === 'Block' && one.end <= member.start && between(one));
  const told = (comment?.value ?? '')
    .replace(/^\s*\*+ ?/gm, '')
    .trim()
    .replace(/\s+/g, ' ');
  const type = text.slice(
    member.typeAnnotation.typeAnnotation.start,
    member.typeAnnotation.typeAnnotation.end,
  );
  const name = member.key.name;
  const known = `${of}.${name}`;
  const tag = /\s*@defaultValue (.*)$/.exec(told)?.[1];
  const prose = told.replace(/\s*@\w+.*$/, '');
  const said = /(?:^|(?<=[.;,] ))[Dd]efault:? ((?:`[^`]*`|'[^'\s]*'|[^.;:])*)[.;:]? ?/.exec(prose);
  const inPassing = /(\S+) \(default\)/.exec(prose)?.[1];
  return {
    name,
    of,
    type: type.replace(/\s*\| undefined$/, '').replace(/\s+/g, ' '),
    text: sentence(around(prose, said)) || (TEXTS[known] ?? ''),
    default: DEFAULTS[known] ?? tag ?? said?.[1] ?? inPassing ?? (member.optional ? '–' : 'required'),
  };
}

/** The text around its default; what stood behind it begins a sentence. */
function around(prose, said) {
  if (said === null) return prose;
  const before = prose.slice(0, said.index);
  const after = prose.slice(said.index + said[0].length);
  const begins = /^$|\. $/.test(before) && !/^(true|false)\b/.test(after);
  return before + (begins ? after.charAt(0).toUpperCase() + after.slice(1) : after);
}

/** What is left of a text without its default. */
const sentence = (text) =>
  text
    .trim()
    .replace(/; (?=[A-Z])/, '. ')
    .replace(/[;,]$/, '.');

/** docs/options.md of the site. */
export function optionsPage() {
  const entries = [...readOptions()].map(([entry, types]) => {
    const order = Object.keys(GIVEN_TO[entry]);
    const sections = [...types]
      .toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b))
      .map(([name, options]) => section(name, GIVEN_TO[entry][name], options));
    return `## ${entry}\n\n${sections.join('\n')}`;
  });
  return `# All options

Every option of every call, with its type and default. Times are in ms, counts are whole numbers. A value that is none of
what is told here is a TypeError or RangeError that shows it, at the call.

${entries.join('\n')}`;
}

function section(name, calls, options) {
  // Two columns, as a telephone is not wide enough for more.
  const rows = options.map(
    (one) => `| \`${one.name}\` | ${code(one.type)}, ${without(one)}<br>${cell(one.text)} |`,
  );
  return `### ${name}

${(calls ?? '')
  .split(/, (?=new |[\w.$]+\()/)
  .map((call) => `\`${call}\``)
  .join(', ')}

| option | its type, default and meaning |
| --- | --- |
${rows.join('\n')}
`;
}

const without = ({ default: value }) =>
  value === 'required' ? value : value === '–' ? 'no default' : `default: ${cell(value)}`;
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const code = (type) => `\`${type.replaceAll('|', '\\|')}\``;
