/** Python's `Thread-N (target)`. @param label - the target's name */
export function threadName(number: number, label: string): string {
  return isTold(label) ? `Thread-${number} (${label})` : `Thread-${number}`;
}

/** Whether a target's name says something: JavaScript names a function after the property that it is written into. */
export function isTold(label: string): boolean {
  return label !== '' && label !== 'target';
}
