import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { problemsOf, type Snippet } from './support/problemsOf';

const ROOT = join(__dirname, '..');
const FACES = ['index', 'streams', 'testing', 'nestjs', 'eslint'];
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** The files that the faces export from, and the names that they export as values. */
const exported = FACES.flatMap((face) => [
  ...read(`lib/${face}.ts`).matchAll(/^export (?:type )?\{([^}]+)\} from '\.\/(.+)';$/gm),
]).map(([, names = '', file = '']) => ({ file: `lib/${file}.ts`, names: names.match(/\w+/g) }));

const files = [...new Set(exported.map(({ file }) => file)), 'lib/base/EventSources.ts'];

const snippets: Snippet[] = files.flatMap((file) =>
  [...read(file).matchAll(/\* @example[^\n]*\n *\* ```ts\n([^]*?)\* ```/g)].map(
    ([, lines = ''], index) => ({
      where: `${file}, example ${String(index + 1)}`,
      code: lines.replace(/^ *\*(?: |$)/gm, ''),
    }),
  ),
);

/** Whether the comment of a function or a class has an example; undefined where there is neither. */
function hasExample(file: string, name: string): boolean | undefined {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true);
  const declared = source.statements.filter(
    (node) =>
      (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) && node.name?.text === name,
  );
  if (declared.length === 0) return undefined;
  return declared.some((node) =>
    ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'example'),
  );
}

/** What a program is given, rather than calls or makes. */
const GIVEN = [
  ...['AbortError', 'ByteExpectation', 'ConnectionDuplex', 'ConnectionSocket', 'ConnectionTls'],
  ...['EventScheduler', 'Expectation', 'LeftExpectation', 'LibeventContext', 'MarbleError'],
  ...['ListenerRecording', 'MarbleRecording', 'NamedExpectation', 'Peer', 'Probe', 'ScriptedFile'],
  ...['SimulationError', 'TimeoutValue', 'VirtualBase'],
];

describe('the examples of the reference', () => {
  const called = exported.flatMap(({ file, names }) =>
    (names ?? [])
      .map((name) => [name, hasExample(file, name)] as const)
      .filter(([name, has]) => has !== undefined && !GIVEN.includes(name)),
  );

  it.each(called)('%s has one', (_name, has) => {
    expect(has).toBe(true);
  });

  it('are what the compiler takes', () => {
    expect(snippets.length).toBeGreaterThan(70);
    expect(problemsOf('examples', snippets)).toEqual([]);
  });
});
