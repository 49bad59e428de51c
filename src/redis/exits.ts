const told = new Set<() => (() => void) | undefined>();

/**
 * Calls it as the process ends by itself, by `process.exit` or by an uncaught error; what it returns waits for the answer, and is
 * called once all are told, so that many take no longer than one. One listener, however many.
 */
export function onExit(tell: () => (() => void) | undefined): () => void {
  if (told.size === 0) process.on('exit', tellAll);
  told.add(tell);
  return () => {
    told.delete(tell);
    if (told.size === 0) process.off('exit', tellAll);
  };
}

function tellAll(): void {
  for (const wait of [...told].map((tell) => tell())) wait?.();
}
