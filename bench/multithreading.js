import { availableParallelism } from 'node:os';

// npm `multithreading`, which is made for newer versions: what Node 20 lacks.
globalThis.navigator ??= { hardwareConcurrency: availableParallelism() };
Promise.withResolvers ??= function withResolvers() {
  const capability = {};
  capability.promise = new this((resolve, reject) => Object.assign(capability, { resolve, reject }));
  return capability;
};

export const { Mutex, move, shutdown, spawn } = await import('multithreading');
