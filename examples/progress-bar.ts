// A progress bar over one long thread: `npm run demo progress-bar 10000000` for a longer one.
import { Thread, threadModule } from 'rxjs-threading';

const below = Number(process.argv[2] ?? 3_000_000);
const WIDTH = 40;

const worker = threadModule<typeof import('./progress-bar.worker.js')>(
  new URL('./progress-bar.worker.js', import.meta.url),
);
const thread = new Thread({ target: worker.countPrimes, args: [below] });

/** In place on a terminal, a line for each elsewhere. */
function draw(part: number): void {
  const full = Math.round(part * WIDTH);
  const bar = `[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}] ${Math.round(part * 100)}%`;
  process.stdout.write(process.stdout.isTTY ? `\r${bar}` : `${bar}\n`);
}

// Every report comes before the result; a thread that fails is an error of its result.
thread.progress$.subscribe({
  next: (part) => draw(part as number),
  complete: () => process.stdout.isTTY && process.stdout.write('\n'),
});
thread
  .start()
  .result()
  .subscribe((primes) => console.log(`${primes} primes below ${below}`));
