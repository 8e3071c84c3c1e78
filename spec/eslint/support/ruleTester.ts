import { join } from 'node:path';
import { type Rule, RuleTester } from 'eslint';
import { plugin } from 'rxjs-libevent/eslint';
import { parser } from 'typescript-eslint';

/** A file that a TypeScript project has; its text is each case's own. */
const filename = join(__dirname, 'linted.ts');

export const ruleTester = new RuleTester({
  languageOptions: {
    parser,
    parserOptions: { projectService: true, tsconfigRootDir: __dirname },
  },
});

export const rule = plugin.rules?.['no-unbounded-queue'] as Rule.RuleModule;

const NAMES = {
  rxjs: [
    ...['asyncScheduler', 'buffer', 'bufferCount', 'bufferTime', 'bufferToggle', 'bufferWhen'],
    ...['concat', 'concatAll', 'concatMap', 'concatMapTo', 'concatWith', 'connect', 'debounceTime'],
    ...['defer', 'delay', 'delayWhen', 'EMPTY', 'endWith', 'exhaustMap', 'filter', 'first', 'from'],
    ...['groupBy', 'iif', 'ignoreElements', 'interval', 'map', 'merge', 'mergeAll', 'mergeMap'],
    ...['mergeMapTo', 'mergeScan', 'Observable', 'observeOn', 'of', 'pipe', 'queueScheduler'],
    ...[
      'repeat',
      'share',
      'Subject',
      'switchMap',
      'take',
      'tap',
      'timer',
      'toArray',
      'windowCount',
    ],
    ...['windowTime', 'scan', 'from', 'throwError', 'type MonoTypeOperatorFunction'],
  ],
  'rxjs-libevent': [
    ...['type Connection', 'connect as open', 'holdable', 'lines', 'listen', 'mergeMapHeld'],
    ...['concatMapHeld', 'observeOnHeld', 'sendTo', 'serve', 'startTls'],
  ],
  'rxjs-libevent/streams': ['fromReadable'],
};

/** A file whose connection is `conn`, with all that a case may name. */
export function fileOf(code: string): string {
  const used = (name: string): boolean =>
    new RegExp(`\\b${name.split(' ').at(-1) ?? ''}\\b`).test(`${code} ${DECLARATIONS}`);
  const imports = Object.entries(NAMES).flatMap(([module, names]) => {
    const wanted = [...new Set(names)].filter(used);
    return wanted.length > 0 ? [`import { ${wanted.join(', ')} } from '${module}';`] : [];
  });
  return [...imports, DECLARATIONS, code].join('\n');
}

const DECLARATIONS = `
declare const conn: Connection;
declare function ask(value: unknown): Promise<string>;
declare function find(value: unknown): Observable<string>;
`.trim();

export function valid(code: string): RuleTester.ValidTestCase {
  return { code: fileOf(code), filename, name: code };
}

/** @param suggestions - how many held forms are offered */
export function invalid(code: string, suggestions: 0 | 1 = 1): RuleTester.InvalidTestCase {
  return {
    code: fileOf(code),
    filename,
    name: code,
    errors: [{ messageId: 'queues', ...(suggestions > 0 && { suggestions }) }],
  };
}

/** A whole file, and what it is when the suggestion has been taken. */
export function suggests(before: string, output: string): RuleTester.InvalidTestCase {
  return {
    code: before,
    filename,
    errors: [{ messageId: 'queues', suggestions: [{ messageId: 'useHeld', output }] }],
  };
}
