/**
 * For an own field of a class whose objects must not be cloned: postMessage, workerData and structuredClone then throw a
 * DataCloneError that says `advice`, where they would give an object without methods and without an error.
 *
 * A symbol, because no Node clones one, and because it costs a constructor one store. Node's own markAsUncloneable is
 * missing from Node 20, and its error names no way out.
 *
 * @example
 * const ADVICE = uncloneable('a primitive travels as toHandle(primitive)');
 * class Primitive { readonly uncloneable: symbol = ADVICE } // enumerable: only such fields are cloned
 */
export function uncloneable(advice: string): symbol {
  return Symbol(advice);
}
