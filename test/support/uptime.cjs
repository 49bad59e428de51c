// A preload: the clocks that only go forward say that the process has been up for UPTIME ms when it starts. Works in
// main and its workers alike.
const UPTIME = Number(process.env.UPTIME);

const { hrtime } = process;
const start = hrtime.bigint();
// Main decides; its workers inherit it.
process.env.UPTIME_NS ??= String(BigInt(UPTIME) * 1_000_000n - start);
const shift = BigInt(process.env.UPTIME_NS);

const shifted = () => hrtime.bigint() + shift;
process.hrtime = (since) => {
  const now = shifted();
  const passed = since === undefined ? now : now - (BigInt(since[0]) * 1_000_000_000n + BigInt(since[1]));
  return [Number(passed / 1_000_000_000n), Number(passed % 1_000_000_000n)];
};
process.hrtime.bigint = shifted;

const now = performance.now.bind(performance);
Object.defineProperty(performance, 'now', { configurable: true, value: () => now() + UPTIME });
