import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { endWithTest } from './children.js';

export interface TerminalSession {
  readonly code: number | null;
  /** All that came on the terminal, escape sequences among it. */
  readonly output: string;
  /** What `stty -g` told of the terminal before the program and after it. */
  readonly before: string;
  readonly after: string;
}

const MARK = '<stty>';

/**
 * Runs a program on a terminal of its own, made by `script` of util-linux.
 *
 * @param keys - typed once, when what has come so far says that it is time
 */
export async function runInTerminal(
  file: string,
  keys: string,
  time: (output: string) => boolean,
): Promise<TerminalSession> {
  const tell = `echo "${MARK}$(stty -g)"`;
  const command = `${tell}; '${process.execPath}' '${file}'; code=$?; ${tell}; exit $code`;
  const terminal = endWithTest(spawn('script', ['-qec', command, '/dev/null'], { timeout: 50_000 }));
  let output = '';
  let typed = false;
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (typed || !time(output)) return;
    typed = true;
    terminal.stdin.write(keys);
  });
  const [code] = (await once(terminal, 'close')) as [number | null];
  const [, before = '', after = ''] = output.split(MARK);
  const settings = (text: string): string => text.split('\r\n')[0] ?? '';
  return { code, output, before: settings(before), after: settings(after) };
}
