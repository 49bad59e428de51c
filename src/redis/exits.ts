const told = new Set<() => void>();

/** Calls it as the process ends by itself, by `process.exit` or by an uncaught error. One listener, however many. */
export function onExit(tell: () => void): () => void {
  if (told.size === 0) process.on('exit', tellAll);
  told.add(tell);
  return () => {
    told.delete(tell);
    if (told.size === 0) process.off('exit', tellAll);
  };
}

function tellAll(): void {
  for (const tell of told) tell();
}
