// Prints the ms of processor time, of all threads of the process, that an import takes.
const before = process.cpuUsage();
await import(process.argv[2]);
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1e3);
