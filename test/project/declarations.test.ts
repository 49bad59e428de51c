import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAst } from 'rolldown/parseAst';
import { describe, expect, it } from 'vitest';

const dist = join(import.meta.dirname, '../../dist');
const text = readFileSync(join(dist, 'index.d.ts'), 'utf8');

/** A node of the syntax tree: what it is, where it is in the text, and more. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [more: string]: unknown;
}

const isNode = (value: unknown): value is Node => typeof (value as Partial<Node> | null)?.type === 'string';
const textOf = (node: Node): string => text.slice(node.start, node.end);

function* nodesIn(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) yield value;
  for (const part of Object.values(value)) yield* nodesIn(part);
}

/** The comment that an editor shows for it; '' when there is none. */
function docOf(node: Node): string {
  const before = text.slice(0, node.start).trimEnd();
  return before.endsWith('*/') ? before.slice(before.lastIndexOf('/**')) : '';
}

const statements = parseAst(text, { lang: 'dts' }).body as unknown as Node[];
const nameOf = (node: Node): string =>
  /^(?:declare )?(?:abstract )?(?:class|function|const|interface|type) ([\w$]+)/.exec(textOf(node))?.[1] ??
  '';
const declared = statements.filter((node) => nameOf(node) !== '');
const exported = statements
  .filter(({ type }) => type === 'ExportNamedDeclaration')
  .flatMap(({ specifiers }) => specifiers as Node[])
  .map(
    (specifier) =>
      textOf(specifier)
        .replace(/^type /, '')
        .split(' as ')[0],
  );
/** Members of classes and interfaces, by `Class.member`. */
const members = declared.flatMap((of) => {
  const body = of.body as { readonly body: readonly Node[] } | undefined;
  const named = (body?.body ?? []).map((member) => ({ name: `${nameOf(of)}.${keyOf(member)}`, member }));
  // An editor shows the getter's docstring for both.
  return named.filter(({ member }) => !/^(?:#private|set )/.test(textOf(member)));
});

function keyOf(member: Node): string {
  return isNode(member.key) ? textOf(member.key) : member.type;
}

describe('the declarations', () => {
  it('are one file, with a map that leads to src', () => {
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => file.endsWith('.d.ts'))).toEqual([
      'index.d.ts',
      'monitor.d.ts',
      'redis.d.ts',
      'register.d.ts',
    ]);
    const map = JSON.parse(readFileSync(join(dist, 'index.d.ts.map'), 'utf8')) as { sources: string[] };
    expect(map.sources.length).toBeGreaterThan(30);
    for (const source of map.sources) {
      expect(source).toMatch(/^\.\.\/src\/.*\.ts$/);
      expect(existsSync(resolve(dist, source)), source).toBe(true);
    }
  });

  it('need no types but those of rxjs', () => {
    const imports = statements.filter(({ type }) => type === 'ImportDeclaration');
    expect(imports.map(({ source }) => (source as { readonly value: unknown }).value)).toEqual(['rxjs']);
    expect(text.match(/\b(?:Buffer|NodeJS|Int32Array|SharedArrayBuffer)\b/)).toBeNull();
  });

  it('name no type that cannot be imported, but what classes have in common', () => {
    const inner = declared.map(nameOf).filter((name) => !exported.includes(name));
    expect(inner.sort()).toEqual(['Executor', 'OwnedLock', 'Primitive', 'Synchronizer']);
  });

  it('have nothing internal or protected', () => {
    expect(text).not.toMatch(/@internal|\bprotected\b|\bprivate \w/);
  });

  it('let everything optional be undefined, as exactOptionalPropertyTypes asks', () => {
    const optional = [...nodesIn(statements)].filter(
      ({ type, optional }) =>
        optional === true &&
        ['TSPropertySignature', 'PropertyDefinition', 'TSNamedTupleMember'].includes(type),
    );
    expect(optional.length).toBeGreaterThan(40);
    expect(
      optional.map(textOf).filter((property) => !/(?:\| undefined|\?: unknown);?$/.test(property)),
    ).toEqual([]);
  });
});

describe('the docstrings', () => {
  it('are there for every export and every public member', () => {
    const undocumented = declared.filter((node) => docOf(node) === '').map(nameOf);
    expect(undocumented.filter((name) => exported.includes(name))).toEqual([]);
    const ofMembers = members.filter(({ member }) => docOf(member) === '').map(({ name }) => name);
    expect(ofMembers.filter((name) => !name.endsWith('.constructor'))).toEqual([]);
  });

  // An editor shows the class's text and example for `new` only where the constructor has no text of its own.
  it('of a constructor are those of its class', () => {
    const constructors = members.filter(({ name }) => name.endsWith('.constructor'));
    expect(constructors.length).toBeGreaterThan(10);
    expect(constructors.filter(({ member }) => docOf(member) !== '').map(({ name }) => name)).toEqual([]);
  });

  it('say what unsubscribing does wherever there is something to unsubscribe from', () => {
    const streams = [...declared, ...members.map(({ member }) => member)].filter((node) =>
      /(?:\): |\$: |readonly \w+\$: )(?:Wait|Observable|OperatorFunction|MonoTypeOperatorFunction)</.test(
        textOf(node).split('\n')[0] ?? '',
      ),
    );
    expect(streams.length).toBeGreaterThan(30);
    const silent = streams.filter((node) => !/[Uu]nsubscrib/.test(docOf(node)));
    expect(silent.map((node) => textOf(node).split('\n')[0])).toEqual([]);
  });

  it('name their source, or say that Python has no such thing', () => {
    const values = declared.filter((node) => /^declare (?:class|function|const)/.test(textOf(node)));
    const ours = values.filter((node) => exported.includes(nameOf(node)));
    expect(ours.filter((node) => !/Source:|Python/.test(docOf(node))).map(nameOf)).toEqual([]);
  });
});
