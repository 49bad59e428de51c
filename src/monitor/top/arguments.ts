import { parseArgs } from 'node:util';

export const HELP = `Threads, locks and pools of a Node program, as they are now.

  rxjs-threading top [url]           of a monitor that is served (default http://127.0.0.1:7711/)
  rxjs-threading top -- node app.js  of a program that is started with one

On a terminal it fills the screen: arrows choose a row and a table, s sorts, d dumps all threads, q quits.
Elsewhere, and where TERM is dumb, it prints a line a second.

  --json       each message of the monitor as a line of JSON
  --help       this text
  --version    the version of the package

A token goes into the URL: http://host:7711/?token=...
`;

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'top';
      readonly url: string;
      readonly program: readonly string[];
      readonly json: boolean;
    };

/** @throws RangeError, TypeError that say what is wrong */
export function commandOf(args: readonly string[]): Command {
  const dashes = args.indexOf('--');
  const own = dashes < 0 ? args : args.slice(0, dashes);
  const program = dashes < 0 ? [] : args.slice(dashes + 1);
  const { values, positionals } = parseArgs({
    args: [...own],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      version: { type: 'boolean', short: 'v', default: false },
    },
  });
  const [command, url, ...rest] = positionals;
  if (values.version) return { kind: 'version' };
  if (values.help || command === undefined) return { kind: 'help' };
  if (command !== 'top') throw new RangeError(`there is no command '${command}': it is 'top'`);
  if (rest.length > 0) throw new RangeError(`top takes one URL, got '${[url, ...rest].join(' ')}'`);
  if (dashes >= 0 && program.length === 0)
    throw new RangeError('top -- needs a program, such as node app.js');
  if (dashes >= 0 && url !== undefined)
    throw new RangeError(`top takes a URL or a program, got '${url}' and '${program.join(' ')}'`);
  return { kind: 'top', url: url ?? 'http://127.0.0.1:7711/', program, json: values.json };
}
