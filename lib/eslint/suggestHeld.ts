import type { TSESLint, TSESTree } from '@typescript-eslint/utils';
import type { Bindings } from './Bindings';

/** How many inners a suggestion runs at a time where the program has not said. */
const CONCURRENCY = 8;
/** How many delayed values a suggestion lets wait. */
const DELAYED = 64;

const LIBRARY = 'rxjs-libevent';

/** What stands in the place of an operator, and which names it needs. */
export interface HeldForm {
  readonly text: string;
  readonly names: readonly (readonly [name: string, module: string])[];
  /** The name of the held operator. */
  readonly held: string;
}

/**
 * The held form of a call of an operator of RxJS's.
 *
 * @returns undefined where there is none that does the same
 */
export function heldFormOf(
  name: string,
  call: TSESTree.CallExpression,
  sourceCode: Readonly<TSESLint.SourceCode>,
): HeldForm | undefined {
  const texts = call.arguments.map((one) => sourceCode.getText(one));
  const [first, second] = texts;
  if (call.typeArguments !== undefined || texts.length > 2) return undefined;
  const inner = '(inner) => inner';
  switch (`${name} ${String(texts.length)}`) {
    case 'concatMap 1':
      return form('concatMapHeld', first);
    case 'concatMapTo 1':
      return form('concatMapHeld', `() => ${String(first)}`);
    case 'concatAll 0':
      return form('concatMapHeld', inner);
    case 'mergeMap 1':
    case 'mergeMap 2':
      return merging(first, second);
    case 'mergeMapTo 1':
    case 'mergeMapTo 2':
      return merging(`() => ${String(first)}`, second);
    case 'mergeAll 0':
    case 'mergeAll 1':
      return merging(inner, first);
    case 'observeOn 1':
      return form('observeOnHeld', first);
    case 'delay 1':
      return {
        ...form(
          'mergeMapHeld',
          `(value) => of(value).pipe(${sourceCode.getText(call)})`,
          String(DELAYED),
        ),
        names: [
          ['mergeMapHeld', LIBRARY],
          ['of', 'rxjs'],
        ],
      };
    default:
      return undefined;
  }
}

function merging(project: string | undefined, concurrency = 'Infinity'): HeldForm | undefined {
  // A function there is a result selector, which RxJS 8 does not have either.
  if (/=>|^function\b/.test(concurrency)) return undefined;
  const most = concurrency === 'Infinity' ? String(CONCURRENCY) : concurrency;
  return form('mergeMapHeld', project, most);
}

function form(held: string, ...given: readonly (string | undefined)[]): HeldForm {
  return { held, text: `${held}(${given.join(', ')})`, names: [[held, LIBRARY]] };
}

/**
 * Puts a held form in its place, and imports what it needs.
 *
 * @returns undefined where a name that it needs stands for something else
 */
export function replaceBy(
  { text, names }: HeldForm,
  call: TSESTree.CallExpression,
  sourceCode: Readonly<TSESLint.SourceCode>,
  bindings: Bindings,
): TSESLint.ReportFixFunction | undefined {
  const missing: (readonly [name: string, module: string])[] = [];
  for (const [name, module] of names) {
    if (isImported(name, module, sourceCode)) continue;
    if (bindings.isTaken(name, call)) return undefined;
    missing.push([name, module]);
  }
  return (fixer) => [
    ...missing.map(([name, module]) => importName(name, module, fixer, sourceCode)),
    fixer.replaceText(call, text),
  ];
}

function isImported(
  name: string,
  module: string,
  sourceCode: Readonly<TSESLint.SourceCode>,
): boolean {
  return importsFrom(module, sourceCode).some(({ specifiers }) =>
    specifiers.some(
      ({ type, local, ...rest }) =>
        type === 'ImportSpecifier' &&
        local.name === name &&
        'imported' in rest &&
        rest.imported.type === 'Identifier' &&
        rest.imported.name === name &&
        rest.importKind === 'value',
    ),
  );
}

function importName(
  name: string,
  module: string,
  fixer: TSESLint.RuleFixer,
  sourceCode: Readonly<TSESLint.SourceCode>,
): TSESLint.RuleFix {
  const last = importsFrom(module, sourceCode)
    .flatMap(({ specifiers }) => specifiers)
    .filter(({ type }) => type === 'ImportSpecifier')
    .at(-1);
  if (last !== undefined) return fixer.insertTextAfter(last, `, ${name}`);
  const line = `import { ${name} } from '${module}';\n`;
  const [first] = sourceCode.ast.body;
  return first === undefined
    ? fixer.insertTextAfterRange([0, 0], line)
    : fixer.insertTextBefore(first, line);
}

/** The imports of values. */
function importsFrom(
  module: string,
  { ast }: Readonly<TSESLint.SourceCode>,
): readonly TSESTree.ImportDeclaration[] {
  return ast.body
    .filter((statement) => statement.type === 'ImportDeclaration')
    .filter(({ source, importKind }) => source.value === module && importKind === 'value');
}
