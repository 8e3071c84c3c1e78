import type { TSESLint, TSESTree } from '@typescript-eslint/utils';

/** A function that is written in the file. */
export type WrittenFunction =
  TSESTree.ArrowFunctionExpression | TSESTree.FunctionExpression | TSESTree.FunctionDeclaration;

/** What names stand for in the file that is linted. */
export class Bindings {
  constructor(private readonly sourceCode: Readonly<TSESLint.SourceCode>) {}

  /** What a `const` is made of, through further names; the expression itself where it is something else. */
  valueOf(node: TSESTree.Node): TSESTree.Node {
    let value = bare(node);
    const seen = new Set<TSESTree.Node>();
    while (value.type === 'Identifier' && !seen.has(value)) {
      seen.add(value);
      const definition = this.definitionOf(value);
      if (definition?.node.type !== 'VariableDeclarator') break;
      const { id, init, parent } = definition.node;
      if (init === null || id.type !== 'Identifier' || parent.kind !== 'const') break;
      value = bare(init);
    }
    return value;
  }

  /** The function that an expression is or names, if it is written in the file. */
  functionOf(node: TSESTree.Node): WrittenFunction | undefined {
    const value = this.valueOf(node);
    if (value.type === 'ArrowFunctionExpression' || value.type === 'FunctionExpression')
      return value;
    if (value.type !== 'Identifier') return undefined;
    const definition = this.definitionOf(value)?.node;
    return definition?.type === 'FunctionDeclaration' ? definition : undefined;
  }

  /** The function whose parameter a name is. */
  functionOfParameter(node: TSESTree.Identifier): WrittenFunction | undefined {
    const definition = this.definitionOf(node);
    return String(definition?.type) === 'Parameter'
      ? (definition?.node as WrittenFunction)
      : undefined;
  }

  /** Whether a name stands for something where a node stands. */
  isTaken(name: string, at: TSESTree.Node): boolean {
    return this.variableOf(name, at) !== undefined;
  }

  private definitionOf(node: TSESTree.Identifier): TSESLint.Scope.Definition | undefined {
    return this.variableOf(node.name, node)?.defs[0];
  }

  private variableOf(name: string, at: TSESTree.Node): TSESLint.Scope.Variable | undefined {
    let scope: TSESLint.Scope.Scope | null = this.sourceCode.getScope(at);
    for (; scope !== null; scope = scope.upper) {
      const variable = scope.set.get(name);
      if (variable !== undefined) return variable.defs.length > 0 ? variable : undefined;
    }
    return undefined;
  }
}

/** Without what only types need. */
function bare(node: TSESTree.Node): TSESTree.Node {
  switch (node.type) {
    case 'TSAsExpression':
    case 'TSNonNullExpression':
    case 'TSSatisfiesExpression':
    case 'ChainExpression':
      return bare(node.expression);
    default:
      return node;
  }
}

/** What a function returns, expression by expression; nothing of the functions inside. */
export function returnsOf(written: WrittenFunction): readonly TSESTree.Node[] {
  if (written.body.type !== 'BlockStatement') return [written.body];
  const returns: TSESTree.Node[] = [];
  const look = (node: TSESTree.Node): void => {
    if (node.type === 'ReturnStatement' && node.argument !== null) returns.push(node.argument);
    if (isFunction(node) || node.type === 'ClassBody') return;
    for (const child of childrenOf(node)) look(child);
  };
  for (const statement of written.body.body) look(statement);
  return returns;
}

function isFunction({ type }: TSESTree.Node): boolean {
  return ['ArrowFunctionExpression', 'FunctionExpression', 'FunctionDeclaration'].includes(type);
}

function childrenOf(node: TSESTree.Node): readonly TSESTree.Node[] {
  return Object.entries(node)
    .filter(([key]) => key !== 'parent')
    .flatMap(([, value]) => value as unknown)
    .filter(
      (value): value is TSESTree.Node =>
        typeof value === 'object' && value !== null && 'type' in value && 'range' in value,
    );
}
