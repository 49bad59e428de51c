import { parseAst } from 'vite';
import {
  childrenOf,
  identifiersIn,
  isFunction,
  isNode,
  type Node,
  namesDeclared,
  namesIn,
} from './syntax-tree.js';

/**
 * Makes what a thread remembers visible: rewrites a module so that each call under way tells its local variables, each
 * function value what it captured, and the module its own variables. The code does the same as before.
 *
 * A call gets a frame, `$f`: `$f[n]` shows the variables of its n-th block, `$f.r` and `$f.x` what a `finally` will go on
 * with. A function value is registered by `$c`, with its number. `memory.ts` reads them, `sites.ts` knows which blocks
 * count where.
 */
export function instrument(code: string): string {
  const tree = parseAst(code) as unknown as Node;
  const writer = new Instrumenter(code);
  for (const statement of tree.body as Node[])
    writer.visit(statement, { known: new Set(), frame: undefined });
  return `${writer.text()}\n${moduleVariables(tree)}`;
}

/** The module's own variables: how to see them, and how to set those that can be set. */
function moduleVariables({ body }: Node): string {
  const seen: string[] = [];
  const set: string[] = [];
  const functions: string[] = [];
  for (const statement of body as Node[]) {
    if (statement.type === 'FunctionDeclaration') functions.push(...namesIn(statement.id as Node));
    if (statement.type !== 'VariableDeclaration') continue;
    for (const { id, init } of statement.declarations as Node[]) {
      const made =
        isNode(init) && ['NewExpression', 'ArrayExpression', 'ObjectExpression'].includes(init.type);
      if (statement.kind !== 'const') set.push(...namesIn(id as Node));
      if (statement.kind !== 'const' || made) seen.push(...namesIn(id as Node));
    }
  }
  const registered = functions.map((name) => `$c(${name}, '${name}');`).join('');
  return `${registered}$m(() => [${seen}], (values) => { [${set}] = values; }, [${set.map((name) => `'${name}'`)}], [${seen.map((name) => `'${name}'`)}]);`;
}

interface Context {
  /** Names of the functions around that a function value here may capture. */
  readonly known: ReadonlySet<string>;
  /** How many blocks of the function around are numbered; undefined outside of functions. */
  readonly frame: { blocks: number } | undefined;
}

class Instrumenter {
  readonly #code: string;
  readonly #insertions: { at: number; order: number; text: string }[] = [];
  #functions = 0;

  constructor(code: string) {
    this.#code = code;
  }

  text(): string {
    this.#insertions.sort((a, b) => a.at - b.at || a.order - b.order);
    let text = '';
    let from = 0;
    for (const { at, text: inserted } of this.#insertions) {
      text += this.#code.slice(from, at) + inserted;
      from = at;
    }
    return text + this.#code.slice(from);
  }

  /** What is put in last at the same place stands last. */
  #insert(at: number, text: string): void {
    this.#insertions.push({ at, order: this.#insertions.length, text });
  }

  visit(node: Node, context: Context): void {
    if (isFunction(node)) this.#function(node, context);
    else if (node.type === 'PropertyDefinition') this.#children(node, { known: new Set(), frame: undefined });
    else if (node.type === 'MethodDefinition') this.#function(node.value as Node, context, 'method');
    else if (node.type === 'Property' && (node.method === true || node.kind !== 'init'))
      this.#function(node.value as Node, context, 'method');
    else if (node.type === 'BlockStatement') this.#block(node, context, []);
    else if (node.type === 'CatchClause') {
      const names = isNode(node.param) ? namesIn(node.param) : [];
      this.#block(node.body as Node, context, names);
    } else if (node.type === 'ForStatement' || node.type === 'ForOfStatement') this.#loop(node, context);
    else if (node.type === 'TryStatement') this.#try(node, context);
    else if (node.type === 'SwitchCase' && namesDeclared(node.consequent as Node[]).length > 0)
      throw new Error('a case that declares variables needs a block of its own');
    else this.#children(node, context);
  }

  #children(node: Node, context: Context): void {
    for (const child of childrenOf(node)) this.visit(child, context);
  }

  #function(node: Node, { known }: Context, method?: 'method'): void {
    const body = node.body as Node;
    const params = (node.params as Node[]).flatMap(namesIn);
    const isValue = node.type !== 'FunctionDeclaration' && method === undefined;
    const used = identifiersIn(node);
    if (isValue) this.#insert(node.start, '$c(');
    // Its default values may be functions.
    for (const param of node.params as Node[]) this.visit(param, { known, frame: undefined });
    const isPlain = node.async !== true && node.generator !== true;
    const frame = { blocks: 0 };
    const inner = new Set([...known, ...params]);
    const self = node.type !== 'ArrowFunctionExpression' && used.has('this') ? ['this'] : [];
    const open = 'const $f = $push(); try {';
    const close = '} finally { $pop($f); }';
    if (isPlain && body.type === 'BlockStatement') {
      this.#insert(body.start + 1, open);
      this.#block(body, { known: inner, frame }, [...self, ...params]);
      this.#insert(body.end - 1, close);
    } else if (isPlain) {
      this.#insert(body.start, `{ ${open} ${shows(frame.blocks++, params)} return (`);
      this.visit(body, { known: inner, frame });
      this.#insert(body.end, `); ${close} }`);
    } else this.#children(body, { known: inner, frame: undefined });
    if (!isValue) return;
    const captured = [...used].filter((name) => known.has(name));
    if (node.type === 'ArrowFunctionExpression' && used.has('this')) captured.push('this');
    this.#insert(node.end, `, ${this.#functions++}, () => [${captured.map(seen)}])`);
  }

  #block(node: Node, { known, frame }: Context, more: readonly string[]): void {
    const statements = node.body as Node[];
    const names = [...more, ...namesDeclared(statements)];
    if (frame !== undefined && names.length > 0) this.#insert(node.start + 1, shows(frame.blocks++, names));
    const inner = { known: new Set([...known, ...names.filter((name) => name !== 'this')]), frame };
    for (const statement of statements) this.visit(statement, inner);
  }

  #loop(node: Node, { known, frame }: Context): void {
    const body = node.body as Node;
    const head = (node.type === 'ForStatement' ? node.init : node.left) as Node | null;
    const names = head?.type === 'VariableDeclaration' ? namesDeclared([head]) : [];
    const inner = { known: new Set([...known, ...names]), frame };
    for (const child of childrenOf(node)) if (child !== body) this.visit(child, inner);
    if (body.type === 'BlockStatement') this.#block(body, inner, names);
    else {
      this.#insert(body.start, `{ ${frame === undefined ? '' : shows(frame.blocks++, names)}`);
      this.visit(body, inner);
      this.#insert(body.end, '}');
    }
  }

  /** What a `finally` goes on with would be hidden: a value returned, or an error. */
  #try(node: Node, context: Context): void {
    const block = node.block as Node;
    const hides = node.finalizer !== null && context.frame !== undefined;
    if (hides) {
      this.#insert(block.start + 1, '$f.r = $f.x = undefined;');
      this.#returns(block);
    }
    this.visit(block, context);
    if (hides && node.handler === null) this.#insert(block.end, ' catch ($e) { $f.x = $e; throw $e; }');
    for (const part of [node.handler, node.finalizer]) if (isNode(part)) this.visit(part, context);
  }

  #returns(node: Node): void {
    if (isFunction(node)) return;
    if (node.type === 'ReturnStatement' && isNode(node.argument)) {
      this.#insert(node.argument.start, '($f.r = (');
      // Behind what is put in for the value itself.
      this.#insertions.push({ at: node.argument.end, order: Number.MAX_SAFE_INTEGER, text: '))' });
    } else for (const child of childrenOf(node)) this.#returns(child);
  }
}

const seen = (name: string): string => `$t(() => ${name})`;

function shows(block: number, names: readonly string[]): string {
  return `$f[${block}] = () => [${names.map(seen)}];`;
}
