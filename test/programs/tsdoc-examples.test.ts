import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as rxjs from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, redisServer } from '../support/redis-server.js';
import { runProgram } from '../support/run-program.js';

const root = join(import.meta.dirname, '../..');
// Inside the package, so that its own name resolves to it; two runs may go on at once.
const folder = join(root, 'build', `tsdoc-${process.pid}`);
const configuration = {
  extends: '../../tsconfig.json',
  // What an example imports is told by the words in it, some of which may be in a target's own scope.
  compilerOptions: { rootDir: '.', outDir: 'out', paths: {}, noEmit: false, noUnusedLocals: false },
  include: ['*.ts'],
};

/** By the name that it is imported by: what an entry declares. */
const ENTRIES = {
  'rxjs-threading': 'index',
  'rxjs-threading/monitor': 'monitor',
  'rxjs-threading/redis': 'redis',
};
const declared = Object.entries(ENTRIES).map(([entry, file]) => {
  const declarations = readFileSync(join(root, `dist/${file}.d.ts`), 'utf8');
  /** As they are imported: the types with the word `type`. */
  const exported = (/^export \{ (.+) \};$/m.exec(declarations)?.[1] ?? '').split(', ');
  return { entry, declarations, exported };
});
/** What needs no example: it is a number, or told of beside another. */
const OTHERS = ['TIMEOUT_MAX'];

interface Example {
  readonly of: string;
  readonly code: string;
  readonly prints: string[];
}

/** What is between `@example` and the end of the comment or the next tag, with the name of what is declared below it. */
function examplesIn(declarations: string): Example[] {
  const examples: Example[] = [];
  for (const [, comment = '', declared = ''] of declarations.matchAll(/^ *\/\*\*\n(.*?)\*\/\n([^\n]*)/gms)) {
    const [, name = ''] =
      /(?:class|function|const|interface|type) (\w+\$?)/.exec(declared) ?? /(\w+\$?)/.exec(declared) ?? [];
    const text = comment.replace(/^ *\* ?/gm, '');
    for (const tag of text.split(/^@/m).filter((tag) => tag.startsWith('example\n'))) {
      const code = tag.replace('example\n', '');
      const prints = [...code.matchAll(/\/\/ prints (.*)$/gm)].flatMap(([, told = '']) =>
        told.split(', then '),
      );
      examples.push({ of: `${name}-${examples.length}`, code, prints });
    }
  }
  return examples;
}

/** What examples take from Node. */
const NODE = { AsyncLocalStorage: 'node:async_hooks' };

/** The example as a module: with the imports that its words ask for. */
function moduleOf({ code }: Example): string {
  const words = new Set(code.match(/(?<![.\w])\w+\$?/g));
  const theirs = Object.keys(rxjs).filter((name) => new RegExp(`(?<![.\\w])${name}[(<]`).test(code));
  const ofNode = Object.entries(NODE).filter(([name]) => words.has(name));
  const imports = [
    ...declared.map(({ entry, exported }) => {
      const ours = exported.filter((name) => words.has(name.replace('type ', '')) && !isImported(name, code));
      return `import { ${ours} } from '${entry}';`;
    }),
    `import { ${theirs} } from 'rxjs';`,
    ...ofNode.map(([name, module]) => `import { ${name} } from '${module}';`),
  ];
  return `${imports.join('\n')}\n${code}`;
}

/** Whether the example says itself where it has that from: Node may have the same name. */
function isImported(name: string, code: string): boolean {
  return new RegExp(`^import \\{[^}]*\\b${name}\\b`, 'm').test(code);
}

const examples = declared.flatMap(({ declarations }) => examplesIn(declarations));

describe('the examples of the docstrings', () => {
  /** Of those about jobs. */
  let server: RedisServer;

  beforeAll(async () => {
    server = await redisServer();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configuration));
    for (const example of examples) writeFileSync(join(folder, `${example.of}.ts`), moduleOf(example));
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const compiled = promisify(execFile)(process.execPath, [compiler, '-p', folder]);
    await compiled.catch(({ stdout }: { stdout: string }) => {
      throw new Error(`examples do not compile:\n${stdout}`);
    });
  }, 60_000);

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server.stop();
  });

  it('are one for each class and function, at least', () => {
    const all = declared.flatMap(({ exported }) => exported);
    const values = all.filter((name) => !name.startsWith('type ') && !OTHERS.includes(name));
    const shown = new Set(examples.map(({ of }) => of.replace(/-\d+$/, '')));
    expect(values.filter((name) => !shown.has(name))).toEqual([]);
  });

  it('say what they print', () => {
    expect(examples.filter(({ prints }) => prints.length === 0).map(({ of }) => of)).toEqual([]);
  });

  it.concurrent.each(examples)('$of', { timeout: 60_000 }, async ({ of: name, prints }) => {
    const { code, lines, errors } = await runProgram(join(folder, 'out', `${name}.js`), [], {
      REDIS_URL: server.url,
    });
    expect(errors).toBe('');
    expect(lines).toEqual(prints);
    expect(code).toBe(0);
  });
});
