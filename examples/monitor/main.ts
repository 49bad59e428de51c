// A live monitor of the threads and locks of this process.
//   npm run example monitor                    until q or Ctrl-C
//   npm run example monitor -- --seconds 5     for five seconds
//   npm run example monitor -- --monitor       as a page for the browser, too
import { parseArgs } from 'node:util';
import { filter, finalize, fromEvent, map, merge, NEVER, type Observable, takeUntil, timer } from 'rxjs';
import { inspect$, serveMonitor } from 'rxjs-threading/monitor';
import { lines } from './lines.js';
import { Office } from './office.js';
import { printedScreen, terminalScreen } from './screen.js';

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, monitor: { type: 'boolean', default: false } },
});
const seconds = Number(values.seconds ?? Number.POSITIVE_INFINITY);
if (!(seconds > 0)) {
  console.error(`--seconds takes a number above 0, got '${values.seconds}'`);
  process.exit(1);
}

/** Keys, where there is a keyboard. In raw mode Ctrl-C is one of them. */
function keys(input: NodeJS.ReadStream): Observable<string> {
  if (!input.isTTY) return NEVER;
  input.setRawMode(true);
  return fromEvent(input, 'data').pipe(
    map(String),
    finalize(() => {
      input.setRawMode(false);
      input.pause();
    }),
  );
}

const quit$ = merge(
  seconds === Number.POSITIVE_INFINITY ? NEVER : timer(seconds * 1000),
  keys(process.stdin).pipe(filter((key) => key === 'q' || key === '\x03')),
  fromEvent(process, 'SIGINT'),
  fromEvent(process, 'SIGTERM'),
);

const { stdout } = process;
const screen = stdout.isTTY ? terminalScreen(stdout) : printedScreen(stdout);
const office = new Office();
const { watch } = office;
const head = values.monitor ? [`page: ${(await serveMonitor({ port: 0, watch })).url}`, ''] : [];
let frames = 0;

inspect$({ watch })
  .pipe(
    takeUntil(quit$),
    finalize(() => screen.close()),
  )
  .subscribe({
    next: (moment) => {
      screen.draw([...head, ...lines(moment)]);
      frames++;
    },
    complete: async () => {
      await office.close();
      console.log(`${frames} frames in ${process.uptime().toFixed(1)} s`);
    },
  });
