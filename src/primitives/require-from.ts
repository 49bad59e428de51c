/**
 * Node's createRequire. Asked for in this way because webpack takes one that is imported for a call of its own to resolve,
 * but what is required by it lies where it lies at run time.
 */
export function requireFrom(place: string): NodeJS.Require {
  return process.getBuiltinModule('node:module').createRequire(place);
}
