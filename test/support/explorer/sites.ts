import { parseAst } from 'vite';
import { childrenOf, isFunction, isNode, type Node } from './syntax-tree.js';

/** What is to be known of a place in the code at which a call is under way. */
export interface Site {
  /** Whether nothing is hidden there: no operand computed before, no iterator, no end that a `finally` goes on with. */
  readonly clear: boolean;
  /** Numbers of the blocks around it whose variables count. */
  readonly blocks: readonly number[];
  /** Whether what a `finally` goes on with counts too. */
  readonly ending: boolean;
}

/** The places of one instrumented module. */
export class Sites {
  readonly #tree: Node;
  readonly #offset: number;
  readonly #getters: ReadonlySet<string>;
  readonly #known = new Map<number, Site>();

  /** @param offset - where the code begins in the script that runs */
  constructor(code: string, offset: number) {
    this.#tree = parseAst(code) as unknown as Node;
    this.#offset = offset;
    this.#getters = new Set(gettersIn(this.#tree));
  }

  at(position: number): Site {
    let site = this.#known.get(position);
    if (site === undefined) {
      site = this.#find(position - this.#offset);
      this.#known.set(position, site);
    }
    return site;
  }

  #find(position: number): Site {
    const path: Node[] = [];
    for (let node: Node | undefined = this.#tree; node !== undefined; ) {
      if (isFunction(node)) path.length = 0;
      path.push(node);
      node = childrenOf(node).find(({ start, end }) => start <= position && position < end);
    }
    const blocks: number[] = [];
    let clear = true;
    let ending = false;
    for (const [index, parent] of path.entries()) {
      if (parent.type === 'BlockStatement') blocks.push(...numbersOf(parent));
      const child = path[index + 1];
      if (child === undefined) continue;
      if (parent.type === 'TryStatement' && child === parent.finalizer && !isFrame(parent)) {
        ending = true;
        clear &&= !isNode(parent.handler) || isRethrow(parent.handler);
        clear &&= !jumps(parent.block as Node);
      }
      clear &&= this.#isClear(parent, child);
    }
    return { clear, blocks, ending };
  }

  /** Whether nothing computed before in `parent` is still needed after `child`. */
  #isClear(parent: Node, child: Node): boolean {
    if (TRANSPARENT.has(parent.type)) return true;
    const isSimple = (node: Node): boolean => this.#isSimple(node);
    switch (parent.type) {
      case 'MemberExpression':
        return child === parent.object || parent.computed !== true || isSimple(parent.object as Node);
      case 'ForStatement':
        // In its head the getter of a turn before shows other variables than those of now.
        return child === parent.body || (parent.init === null && child === parent.test);
      case 'BinaryExpression':
        return child === parent.left || isSimple(parent.left as Node);
      case 'AssignmentExpression':
        return child === parent.right && parent.operator === '=' && isSimple(parent.left as Node);
      case 'CallExpression':
      case 'NewExpression': {
        if (child === parent.callee) return true;
        const before = (parent.arguments as Node[]).slice(0, (parent.arguments as Node[]).indexOf(child));
        return isStable(parent.callee as Node) && before.every(isSimple);
      }
      case 'ArrayExpression': {
        const elements = parent.elements as Node[];
        return elements.slice(0, elements.indexOf(child)).every(isSimple);
      }
      default:
        return false;
    }
  }

  /** What may be computed again with the same result: names, constants, fields. */
  #isSimple(node: Node): boolean {
    switch (node.type) {
      case 'Identifier':
      case 'ThisExpression':
      case 'Literal':
        return true;
      case 'MemberExpression': {
        const { name } = node.property as Node;
        const isOwn = ['ThisExpression', 'Identifier'].includes((node.object as Node).type);
        return isOwn && node.computed !== true && !this.#getters.has(name as string);
      }
      case 'CallExpression':
        return (node.callee as Node).name === '$c';
      default:
        return false;
    }
  }
}

/** Of the getters that the instrumentation put first into a block. */
function numbersOf({ body }: Node): number[] {
  const numbers: number[] = [];
  for (const { type, expression } of (body as Node[]).slice(0, 2)) {
    if (type !== 'ExpressionStatement') continue;
    const { left } = expression as Node & { left?: Node };
    if (left?.type !== 'MemberExpression' || (left.object as Node).name !== '$f') continue;
    const { value } = left.property as Node;
    if (typeof value === 'number') numbers.push(value);
  }
  return numbers;
}

/** The `try` that takes the frame of a call away. */
function isFrame({ finalizer }: Node): boolean {
  const [first] = (finalizer as Node).body as Node[];
  const call = first?.expression as Node | undefined;
  return (call?.callee as Node | undefined)?.name === '$pop';
}

function isRethrow(handler: Node): boolean {
  return (handler.param as Node | null)?.name === '$e';
}

/** Whether a `finally` may go on with a `break` or a `continue`. */
function jumps(node: Node): boolean {
  if (isFunction(node)) return false;
  return node.type === 'BreakStatement' || node.type === 'ContinueStatement' || childrenOf(node).some(jumps);
}

const TRANSPARENT = new Set([
  'Program',
  'BlockStatement',
  'ExpressionStatement',
  'VariableDeclaration',
  'VariableDeclarator',
  'ReturnStatement',
  'ThrowStatement',
  'IfStatement',
  'WhileStatement',
  'DoWhileStatement',
  'LabeledStatement',
  'TryStatement',
  'CatchClause',
  'UnaryExpression',
  'LogicalExpression',
  'ConditionalExpression',
  'ParenthesizedExpression',
  'ChainExpression',
  'SequenceExpression',
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
]);

/** The function that is called: it does not change under way. */
function isStable(callee: Node): boolean {
  if (callee.type === 'MemberExpression') return callee.computed !== true && isStable(callee.object as Node);
  return ['Identifier', 'ThisExpression', 'Super'].includes(callee.type);
}

/** Names of getters: what they read may be another value later. */
function gettersIn(node: Node): string[] {
  const inner = childrenOf(node).flatMap(gettersIn);
  if (node.type === 'MethodDefinition' && node.kind === 'get') inner.push((node.key as Node).name as string);
  return inner;
}
