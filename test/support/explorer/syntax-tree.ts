/** A node of the syntax tree, as far as the explorer looks at it. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** In the order of the source. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const value of Object.values(node)) {
    if (isNode(value)) children.push(value);
    else if (Array.isArray(value)) children.push(...value.filter(isNode));
  }
  return children.sort((a, b) => a.start - b.start);
}

export function isFunction({ type }: Node): boolean {
  return (
    type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression'
  );
}

/** The names that a pattern, of a parameter or a declaration, gives. */
export function namesIn(pattern: Node): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name as string];
    case 'AssignmentPattern':
      return namesIn(pattern.left as Node);
    case 'RestElement':
      return namesIn(pattern.argument as Node);
    case 'Property':
      return namesIn(pattern.value as Node);
    case 'ArrayPattern':
    case 'ObjectPattern':
      return childrenOf(pattern).flatMap(namesIn);
    default:
      return [];
  }
}

/** The names that the statements of a block declare, those of the blocks inside left out. */
export function namesDeclared(statements: readonly Node[]): string[] {
  return statements.flatMap((statement) => {
    if (statement.type === 'VariableDeclaration')
      return (statement.declarations as Node[]).flatMap(({ id }) => namesIn(id as Node));
    if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration')
      return namesIn(statement.id as Node);
    return [];
  });
}

/** Every identifier that is read or written below a node, and whether `this` is. */
export function identifiersIn(node: Node): Set<string> {
  const found = new Set<string>();
  const walk = (one: Node): void => {
    if (one.type === 'Identifier') found.add(one.name as string);
    else if (one.type === 'ThisExpression') found.add('this');
    for (const child of childrenOf(one)) walk(child);
  };
  walk(node);
  return found;
}
