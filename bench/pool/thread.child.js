// The first thread of a process, or the first job of a raw Piscina: prints the ms from its start to its result.
const kind = process.argv[2];
const targets = new URL('../targets.js', import.meta.url);

const firsts = {
  async thread() {
    const { Thread, threadModule } = await import('rxjs-threading');
    const { default: target } = threadModule(targets);
    const start = performance.now();
    const result = await new Thread({ target, args: [41] }).start().result();
    return { result, took: performance.now() - start };
  },
  async piscina() {
    const { Piscina } = await import('piscina');
    const start = performance.now();
    const piscina = new Piscina({ filename: targets.href, minThreads: 1, maxThreads: 1 });
    const result = await piscina.run(41);
    return { result, took: performance.now() - start };
  },
};

const { result, took } = await firsts[kind]();
if (result !== 42) throw new Error(`${kind} came to ${result}`);
console.log(took);
process.exit();
