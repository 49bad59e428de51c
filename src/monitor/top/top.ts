import { setTimeout as sleep } from 'node:timers/promises';
import { applyMessage } from '../apply-message.js';
import type { Inspection } from '../types.js';
import { visibleJson } from '../visible.js';
import type { Command } from './arguments.js';
import { addressOf, connect, type Heard } from './connection.js';
import { FullScreen } from './full-screen.js';
import { Output } from './output.js';
import { type Program, startProgram } from './program.js';
import { summary } from './summary.js';

type TopCommand = Extract<Command, { kind: 'top' }>;

/** Where what is heard goes. */
interface Shown {
  hear(heard: Heard): void;
  close(): void;
}

/**
 * Shows a monitor until it says bye, its program ends, or somebody quits.
 *
 * @returns the exit code: the program's, if one was started
 */
export async function top(command: TopCommand): Promise<number> {
  const quit = new AbortController();
  const fills = process.stdout.isTTY === true && process.env.TERM !== 'dumb' && !command.json;
  const program =
    command.program.length === 0 ? undefined : startProgram(command.program, fills ? 'pipe' : 'inherit');
  const output = fills && program !== undefined ? new Output(program.child) : undefined;
  // At once and each time: a second signal must not end this process and leave the program behind.
  const stop = (): void => {
    program?.child.kill(quit.signal.aborted ? 'SIGKILL' : 'SIGTERM');
    quit.abort();
  };
  // A terminal that is filled is left as it was. Elsewhere `nohup` may have asked for a SIGHUP to be ignored.
  const signals: NodeJS.Signals[] = fills ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM'];
  for (const signal of signals) process.on(signal, stop);
  // Who reads its output may have read enough.
  process.stdout.once('error', stop);
  try {
    await follow(command, program, fills, quit);
  } catch (error) {
    // A program that was over before it was looked at has nothing wrong with it.
    if (program === undefined || !(await hasEnded(program))) throw error;
  } finally {
    if (quit.signal.aborted) program?.child.kill();
    await program?.ended;
    for (const signal of signals) process.off(signal, stop);
    process.stdout.off('error', stop);
    output?.print();
  }
  return (await program?.ended) ?? 0;
}

/** ms in which a program that has let go of its monitor ends, if that is why. */
const ENDS_WITHIN = 2000;

function hasEnded({ ended }: Program): Promise<boolean> {
  return Promise.race([ended.then(() => true), sleep(ENDS_WITHIN, false, { ref: false })]);
}

async function follow(
  command: TopCommand,
  program: Program | undefined,
  fills: boolean,
  quit: AbortController,
): Promise<void> {
  const typed = program === undefined ? command.url : await program.url;
  const address = addressOf(typed);
  void program?.ended.then(() => quit.abort());
  let shown: Shown | undefined;
  try {
    for await (const heard of connect(address, quit.signal)) {
      shown ??= fills ? onScreen(address, () => quit.abort()) : command.json ? asJson() : asLines();
      shown.hear(heard);
    }
  } finally {
    shown?.close();
  }
}

function onScreen(address: ReturnType<typeof addressOf>, quit: () => void): Shown {
  const screen = new FullScreen(process.stdout, process.stdin, address, quit);
  let now: Inspection | undefined;
  let end = '';
  return {
    hear(heard) {
      if (heard.kind === 'lost') {
        screen.show(now, { is: 'lost', heard: Date.now() });
        return;
      }
      now = applyMessage(now, heard.message);
      const { message } = heard;
      if (message.kind === 'bye') end = hasEndedWith(message.code);
      screen.show(now, { is: 'live' });
    },
    close() {
      screen.close();
      if (end !== '') print(end);
    },
  };
}

function asJson(): Shown {
  return {
    hear(heard) {
      if (heard.kind === 'message') print(visibleJson({ id: heard.id, ...heard.message }));
      else process.stderr.write(`the monitor is lost (${heard.why})\n`);
    },
    close() {},
  };
}

/** Between two lines, in ms. */
const PRINT_EVERY = 1000;

function asLines(): Shown {
  let now: Inspection | undefined;
  const tick = (): void => {
    if (now !== undefined) print(summary(now));
  };
  const timer = setInterval(tick, PRINT_EVERY);
  return {
    hear(heard) {
      if (heard.kind === 'lost') {
        process.stderr.write(`the monitor is lost (${heard.why})\n`);
        return;
      }
      const first = now === undefined;
      now = applyMessage(now, heard.message);
      if (first) tick();
      if (heard.message.kind === 'bye') print(hasEndedWith(heard.message.code));
    },
    close: () => clearInterval(timer),
  };
}

function hasEndedWith(code: number): string {
  return `the process has ended with code ${code}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
