import type { FunctionComponent } from 'preact';
import { useMemo } from 'preact/hooks';
import type { DistributedDeadlock, MachineInfo, NamespaceInfo, RemoteInfo } from '../../namespace-info.js';
import { count, inSentence, plural } from '../format.js';
import { machineGraph } from '../model/machine-graph.js';
import { type Shares, sharesOf } from '../model/machine-shares.js';
import { shapeOf } from '../model/wait-graph.js';
import { Drawing } from './graph.js';
import { layout } from './graph-layout.js';
import { Since, usePage } from './page.js';
import { useFirst } from './use-first.js';
import { orderFor } from './verdict.js';
import './machines.css';

/** ms: what is older than that is said to be. */
const OLD = 3000;
/** Machines that are shown before somebody asks for all. */
const FIRST = 20;
/** Things that a row shows. */
const MOST = 3;

/** The processes that share locks with this one, by namespace; nothing where there are none. */
export const Machines: FunctionComponent<{ readonly chosen: string | null }> = ({ chosen }) => {
  const { moment } = usePage();
  if (moment.namespaces.size === 0) return null;
  return (
    <div id="machines" tabIndex={-1}>
      {[...moment.namespaces.values()].map((one) => (
        <Namespace key={one.session} namespace={one} chosen={chosen} />
      ))}
    </div>
  );
};

interface NamespaceProps {
  readonly namespace: NamespaceInfo;
  readonly chosen: string | null;
}

const Namespace: FunctionComponent<NamespaceProps> = ({ namespace, chosen }) => {
  const { moment, now } = usePage();
  const { session, machines, things, thingsLeftOut, seen } = namespace;
  const [shown, more] = useFirst(machines, FIRST, 'machines');
  const deadlocks = moment.distributedDeadlocks(namespace.namespace);
  const deadlock = deadlocks.find(({ id }) => id === chosen) ?? deadlocks[0];
  const held = things.filter(({ holders }) => holders.length > 0).length;
  const waits = things.reduce((sum, { waiters }) => sum + waiters.length, 0);
  const old = now() - seen > OLD;
  const title = `machines-${session}`;
  return (
    <section class="panel grid" aria-labelledby={title}>
      <header>
        <h2 id={title}>Machines of {inSentence(namespace.namespace)}</h2>
        <span class="soft">
          {plural(machines.length, 'process', 'processes')}, {held} held, {plural(waits, 'wait')}
          {thingsLeftOut > 0 && `, and ${count(thingsLeftOut)} that are not shown`}
        </span>
        {old && (
          <span class="tag bad">
            seen <Since at={seen} /> ago
          </span>
        )}
      </header>
      {deadlock !== undefined && <Cycle deadlock={deadlock} others={deadlocks.length - 1} />}
      <table class="machines" aria-labelledby={title}>
        <thead>
          <tr>
            <th scope="col" class="m-name">
              Name
            </th>
            <th scope="col" class="m-host">
              Host, process
            </th>
            <th scope="col" class="m-holds">
              Holds
            </th>
            <th scope="col" class="m-waits">
              Waits for
            </th>
            <th scope="col" class="m-pools">
              Pools
            </th>
            <th scope="col" class="m-up r">
              Joined
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((machine) => (
            <Row key={machine.session} machine={machine} shares={sharesOf(machine.session, namespace)} />
          ))}
        </tbody>
      </table>
      {more}
    </section>
  );
};

interface CycleProps {
  readonly deadlock: DistributedDeadlock;
  readonly others: number;
}

/** A deadlock between processes, what is to be thought of it, and what to do. */
const Cycle: FunctionComponent<CycleProps> = ({ deadlock, others }) => {
  const { moment } = usePage();
  const graph = machineGraph(moment, deadlock);
  const drawn = useMemo(() => layout(graph), [shapeOf(graph)]);
  return (
    <div class="cycle">
      <figure class="graph">
        <Drawing drawn={drawn} graph={graph} label={deadlock.message} />
      </figure>
      <div class="verdict">
        <p>
          <span class="certain maybe">May be a deadlock</span> Each has a lock that another waits for. It is
          none if what a process holds and what it waits for belong to different parts of it, which know
          nothing of each other.
        </p>
        <p class="soft">{orderFor(deadlock.cycle.map(({ waitsFor }) => waitsFor))}</p>
        <p class="soft">
          A timeout or unsubscribing of one wait ends it, and so does the end of one process.
        </p>
        {others > 0 && <p class="soft">There is more than one: each is among the findings above.</p>}
      </div>
    </div>
  );
};

interface RowProps {
  readonly machine: MachineInfo;
  readonly shares: Shares;
}

const Row: FunctionComponent<RowProps> = ({ machine, shares: { holds, waits } }) => {
  const { selected, open } = usePage();
  const { session, name, host, pid, pools, joined, own, finding } = machine;
  const show = (): void => open({ kind: 'machine', id: session });
  const busy = pools.reduce((sum, pool) => sum + pool.busy, 0);
  const threads = pools.reduce((sum, pool) => sum + pool.threads, 0);
  const queued = pools.reduce((sum, pool) => sum + pool.queued, 0);
  return (
    <tr class={selected?.kind === 'machine' && selected.id === session ? 'selected' : ''} onClick={show}>
      <td class="m-name">
        <div class="named">
          <button type="button" class="pname">
            {name}
          </button>
          {own && <span class="kind">this process</span>}
        </div>
      </td>
      <td class="m-host">
        <span class="host">
          <span class="clip">{host}</span> <span class="faint">{pid}</span>
        </span>
      </td>
      <td class="m-holds">
        <Pills
          word="holds"
          of={holds.map(({ thing, holder: { count } }) => ({ thing, count }))}
          look="held"
        />
      </td>
      <td class="m-waits">
        <Pills
          word="waits for"
          of={waits.map(({ thing, waiter: { count, since } }) => ({ thing, count, since }))}
          look={finding === null ? '' : 'stuck'}
        />
      </td>
      <td class="m-pools soft">
        {pools.length === 0 ? <span class="faint">–</span> : `${busy} of ${threads} busy, ${queued} queued`}
      </td>
      <td class="m-up r">
        <Since at={joined} />
      </td>
    </tr>
  );
};

interface PillsProps {
  /** What stands in the head of the column, where there is one. */
  readonly word: string;
  readonly of: readonly { readonly thing: RemoteInfo; readonly count: number; readonly since?: number }[];
  readonly look: string;
}

const Pills: FunctionComponent<PillsProps> = ({ word, of, look }) => {
  if (of.length === 0) return <span class="faint hide-s">nothing</span>;
  return (
    <span class="queue">
      <span class="faint word">{word}</span>
      {of.slice(0, MOST).map(({ thing: { kind, name }, count, since }) => (
        <span key={`${kind} ${name}`} class={`pill ${look}`}>
          <span class="clip">{name}</span>
          {count > 1 && <span>×{count}</span>}
          {since !== undefined && (
            <span>
              <Since at={since} />
            </span>
          )}
        </span>
      ))}
      {of.length > MOST && <span class="pill more">{plural(of.length - MOST, 'more', 'more')}</span>}
    </span>
  );
};
