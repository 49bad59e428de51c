/**
 * What tells objects of this library from others, whichever realm or copy of the package their class is of: `instanceof`
 * knows no class of another copy, such as one that a dependency has installed for itself.
 */
const BRAND = Symbol.for('rxjs-threading');

/** Which words a primitive has, and what they mean: copies of the same layout can use each other's. */
const LAYOUT = 1;

interface Brand {
  readonly kind: string;
  readonly layout: number;
}

/** Prototypes of the classes of this copy. */
const ours = new WeakSet<object>();

/** Instances of the class, and of those that extend it, are of this kind. */
export function brand(madeBy: { readonly prototype: object }, kind: string): void {
  ours.add(madeBy.prototype);
  Object.defineProperty(madeBy.prototype, BRAND, { value: { kind, layout: LAYOUT } satisfies Brand });
}

/** undefined for what is no object of this library, or of a copy whose primitives have other words. */
export function kindOf(value: object): string | undefined {
  const found = brandOf(value);
  return found?.layout === LAYOUT ? found.kind : undefined;
}

/** Whether a copy of this library has made it, be it this one. */
export function isBranded(value: unknown): value is object {
  return typeof value === 'object' && value !== null && brandOf(value) !== undefined;
}

function brandOf(value: object): Brand | undefined {
  return (value as { readonly [BRAND]?: Brand })[BRAND];
}

/** For an error about an object that should be one of this copy of the library, and may be one of another. */
export function ofAnotherCopy(value: unknown): string {
  if (!isBranded(value) || isOurs(value)) return '';
  return ', of another copy of rxjs-threading: `npm ls rxjs-threading` shows who has installed one';
}

function isOurs(value: object): boolean {
  for (let at = value; at !== null; at = Object.getPrototypeOf(at)) if (ours.has(at)) return true;
  return false;
}
