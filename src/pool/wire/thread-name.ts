/** Python's `Thread-N (target)`. @param label - the target's name */
export function threadName(number: number, label: string): string {
  // JavaScript names a function after the property that it is written into: `target` says nothing.
  return label === '' || label === 'target' ? `Thread-${number}` : `Thread-${number} (${label})`;
}
