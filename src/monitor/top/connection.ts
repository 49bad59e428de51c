import { setTimeout as sleep } from 'node:timers/promises';
import type { MonitorMessage } from '../protocol.js';
import { visible } from '../visible.js';

/** What a connection to a monitor tells. */
export type Heard =
  | { readonly kind: 'message'; readonly message: MonitorMessage; readonly id: number }
  /** It is cut off, and tries again. */
  | { readonly kind: 'lost'; readonly why: string };

/** ms without a byte, after which a monitor that sends a comment every 5 s is taken for gone. */
const SILENCE = 12_000;
const RETRY_AFTER = 1000;
/** Characters of a refusal that are shown. */
const MOST_TOLD = 300;

/** That there is no monitor to be read at a URL, or that it refuses. */
export class NoMonitorError extends Error {
  override name = 'NoMonitorError';
}

/** Where a monitor is, as it was typed: its address, and the token that it may have had. */
export interface Address {
  readonly url: URL;
  readonly token: string | undefined;
}

/** @throws NoMonitorError when it is none */
export function addressOf(typed: string): Address {
  const text = /^https?:\/\//i.test(typed) ? typed : `http://${typed}`;
  if (!URL.canParse(text)) throw new NoMonitorError(`'${typed}' is no URL of a monitor`);
  const url = new URL(text);
  const token = url.searchParams.get('token') ?? undefined;
  url.search = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return { url, token };
}

export function ask({ url, token }: Address, route: string, init: RequestInit = {}): Promise<Response> {
  const headers = {
    ...(init.headers as object),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  return fetch(new URL(route, url), { ...init, headers });
}

/**
 * What a monitor tells, for as long as it is asked, or until it says bye. Cut off, it connects again and is told what it
 * missed.
 *
 * @throws NoMonitorError when it cannot be reached the first time, or refuses
 */
export async function* connect(address: Address, signal: AbortSignal): AsyncGenerator<Heard> {
  let lastId: number | undefined;
  for (;;) {
    try {
      for await (const { message, id } of read(address, lastId, signal)) {
        lastId = id;
        yield { kind: 'message', message, id };
        if (message.kind === 'bye') return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof NoMonitorError || lastId === undefined) throw asNoMonitor(address, error);
      yield { kind: 'lost', why: reasonOf(error) };
    }
    if (!(await sleep(RETRY_AFTER, true, { signal }).catch(() => false))) return;
  }
}

async function* read(
  address: Address,
  lastId: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<{ readonly message: MonitorMessage; readonly id: number }> {
  const silent = new AbortController();
  const timer = setTimeout(
    () => silent.abort(new Error(`nothing was heard for ${SILENCE / 1000} s`)),
    SILENCE,
  );
  try {
    const response = await ask(address, 'events', {
      headers: lastId === undefined ? {} : { 'last-event-id': `${lastId}` },
      signal: AbortSignal.any([signal, silent.signal]),
    });
    if (response.status !== 200) throw new NoMonitorError(await refusal(address, response));
    let rest = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      timer.refresh();
      const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const message = messageOf(block);
        if (message !== undefined) yield message;
      }
    }
    throw new Error('the monitor has ended the connection');
  } finally {
    clearTimeout(timer);
  }
}

/** undefined: it is a comment, or what a later version tells. */
function messageOf(block: string): { readonly message: MonitorMessage; readonly id: number } | undefined {
  const fields = new Map(
    block.split('\n').map((line): [string, string] => {
      // Names in it may have line separators of Unicode, for which a `.` does not stand.
      const [, field = '', value = ''] = /^(\w*): ?(.*)$/s.exec(line) ?? [];
      return [field, value];
    }),
  );
  const [kind, data] = [fields.get('event'), fields.get('data')];
  if (kind === undefined || data === undefined) return undefined;
  return { message: { kind, ...JSON.parse(data) } as MonitorMessage, id: Number(fields.get('id')) };
}

async function refusal({ url }: Address, response: Response): Promise<string> {
  const [first = ''] = (await response.text()).trim().split('\n', 1);
  // Whatever answers there may not be a monitor.
  const why = visible(first.slice(0, MOST_TOLD));
  return `${url} answers ${response.status}: ${why === '' ? response.statusText : why}`;
}

function asNoMonitor({ url }: Address, error: unknown): NoMonitorError {
  if (error instanceof NoMonitorError) return error;
  return new NoMonitorError(`there is no monitor at ${url} (${reasonOf(error)})`, { cause: error });
}

/** Of what `fetch` throws: it says why in its cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  const { code, message: why } = (cause ?? {}) as Partial<NodeJS.ErrnoException>;
  return code ?? why ?? message;
}
