/** The build puts a Lua file's text in the place of its import: see `moduleTypes` in rolldown.config.mjs. */
declare module '*.lua' {
  const text: string;
  export = text;
}
