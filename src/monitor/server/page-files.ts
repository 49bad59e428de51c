import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { isThere } from '../../primitives/is-there.js';
import { type Answer, answer } from './request.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
/** `app-1a2b3c4d.js`: other content has another name. */
const HASHED = /[-.]\w{8,}\.\w+$/;
const FOR_GOOD = { 'cache-control': 'public, max-age=31536000, immutable' };
const ASK_AGAIN = { 'cache-control': 'no-cache' };

/** The files of the page, as the build has left them in one folder: read once, as the first is asked for. */
export class PageFiles {
  readonly #folder: string;
  readonly #title: () => string;
  #files: ReadonlyMap<string, Answer> | undefined;

  /** @param title - of the page, asked for with the first file */
  constructor(folder: string, title: () => string) {
    this.#folder = folder;
    this.#title = title;
  }

  /** '' is the page itself. A name that the folder does not have is never looked up on the disk. */
  find(name: string): Answer | undefined {
    this.#files ??= this.#read();
    return this.#files.get(name === '' ? 'index.html' : name);
  }

  #read(): ReadonlyMap<string, Answer> {
    // An application that is bundled may have left it behind: the rest of the monitor works without it.
    if (!isThere(this.#folder)) return new Map();
    const names = readdirSync(this.#folder).filter((name) => extname(name) in TYPES);
    return new Map(names.map((name) => [name, this.#file(name)]));
  }

  #file(name: string): Answer {
    const content = readFileSync(join(this.#folder, name));
    const type = TYPES[extname(name)] as string;
    if (name !== 'index.html') return answer(200, type, content, HASHED.test(name) ? FOR_GOOD : ASK_AGAIN);
    const html = content.toString().replace(/(<title>).*?(<\/title>)/s, (_, open, close) => {
      return `${open}${escaped(this.#title())}${close}`;
    });
    return answer(200, type, html, ASK_AGAIN);
  }
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
