import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { endWithTest } from './children.js';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Where it is in a text, counted from 0. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** What an editor asks TypeScript: the server of the compiler that builds the project. */
export class LanguageServer implements Disposable {
  readonly #server = endWithTest(
    spawn(process.execPath, [tsc(), '--lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  readonly #asked = new Map<number, PromiseWithResolvers>();
  #heard = Buffer.alloc(0);

  constructor() {
    this.#server.stdout.on('data', (data: Buffer) => {
      this.#heard = Buffer.concat([this.#heard, data]);
      for (let message = this.#next(); message !== undefined; message = this.#next()) this.#hear(message);
    });
  }

  /** The next whole message of those that were heard. */
  #next(): Message | undefined {
    const head = this.#heard.indexOf('\r\n\r\n');
    const length = Number(/Content-Length: (\d+)/.exec(this.#heard.toString('latin1', 0, head))?.[1]);
    if (head < 0 || this.#heard.length < head + 4 + length) return undefined;
    const text = this.#heard.toString('utf8', head + 4, head + 4 + length);
    this.#heard = this.#heard.subarray(head + 4 + length);
    return JSON.parse(text) as Message;
  }

  #hear({ id, method, result, error, params }: Message): void {
    if (id === undefined) return;
    if (method !== undefined) {
      const items = (params as { readonly items?: readonly unknown[] } | undefined)?.items;
      this.#send({ id, result: items?.map(() => null) ?? null });
    } else if (error !== undefined) this.#asked.get(id)?.reject(new Error(error.message));
    else this.#asked.get(id)?.resolve(result);
  }

  #send(message: Message): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.#server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    const id = this.#asked.size + 1;
    const answer = new Promise<unknown>((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    this.#send({ id, method, params });
    return answer;
  }

  /** Opens a file that need not be there, with that text. */
  async open(file: string, text: string): Promise<OpenFile> {
    const capabilities = { textDocument: { hover: { contentFormat: ['plaintext'] } } };
    await this.#ask('initialize', { processId: process.pid, rootUri: null, capabilities });
    this.#send({ method: 'initialized', params: {} });
    const uri = pathToFileURL(file).href;
    const textDocument = { uri, languageId: 'typescript', version: 1, text };
    this.#send({ method: 'textDocument/didOpen', params: { textDocument } });
    return new OpenFile((method, position) =>
      this.#ask(`textDocument/${method}`, { textDocument: { uri }, position }),
    );
  }

  [Symbol.dispose](): void {
    this.#server.kill();
  }
}

interface PromiseWithResolvers {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class OpenFile {
  readonly #ask: (method: string, position: Position) => Promise<unknown>;

  constructor(ask: (method: string, position: Position) => Promise<unknown>) {
    this.#ask = ask;
  }

  /** The names that may stand there. */
  async completionsAt(position: Position): Promise<string[]> {
    const { items } = (await this.#ask('completion', position)) as { readonly items: { label: string }[] };
    return items.map(({ label }) => label).sort();
  }

  /** What is shown for the name there. */
  async hoverAt(position: Position): Promise<string> {
    const { contents } = (await this.#ask('hover', position)) as { readonly contents: { value: string } };
    return contents.value;
  }

  /** Where the name is declared: file URLs, with the line counted from 0. */
  async definitionsOf(position: Position): Promise<string[]> {
    const places = (await this.#ask('definition', position)) as readonly {
      readonly uri: string;
      readonly range: { readonly start: Position };
    }[];
    return places.map(({ uri, range }) => `${uri}#${range.start.line}`);
  }
}

function tsc(): string {
  return createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace('package.json', 'bin/tsc');
}
