import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import * as rxjs from 'rxjs';
import * as library from 'rxjs-libevent';
import * as eslintFace from 'rxjs-libevent/eslint';
import * as nestjs from 'rxjs-libevent/nestjs';
import * as streams from 'rxjs-libevent/streams';
import * as testing from 'rxjs-libevent/testing';

const FOLDER = join(__dirname, '../../.build/spec');

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  types: ['node', 'jest'],
  experimentalDecorators: true,
  skipLibCheck: true,
  noEmit: true,
};

/** What an example may use without an import, and where a reader would import it from. */
const MODULES: readonly (readonly [module: string, names: readonly string[]])[] = [
  ['rxjs-libevent', Object.keys(library)],
  ['rxjs-libevent/streams', Object.keys(streams)],
  ['rxjs-libevent/testing', Object.keys(testing)],
  ['rxjs-libevent/nestjs', Object.keys(nestjs)],
  ['rxjs-libevent/eslint', Object.keys(eslintFace)],
  ['rxjs', Object.keys(rxjs)],
  ['node:diagnostics_channel', ['subscribe']],
  ['node:fs', ['createReadStream', 'createWriteStream', 'readSync']],
  ['node:fs/promises', ['writeFile']],
  ['node:http', ['createServer']],
  ['node:stream/promises', ['pipeline']],
  ['node:zlib', ['createGzip']],
  ['@nestjs/core', ['NestFactory']],
  ['eslint/config', ['defineConfig']],
];

/** What an example may take for granted. */
const GIVEN = `
import type { Observable as GivenObservable } from 'rxjs';
import type * as given from 'rxjs-libevent';
declare global {
  const base: given.EventBase;
  const conn: given.Connection;
  const other: given.Connection;
  const connections: Set<given.Connection>;
  const group: given.RateLimitGroup;
  const upstream: given.ConnectConfig;
  const answers: GivenObservable<object>;
  const packets: GivenObservable<Buffer>;
  const records: GivenObservable<string>;
  const database: { find(line: string): Promise<object>; store(line: string): Promise<void> };
  const file: import('node:fs').WriteStream;
  const path: string;
  const descriptor: number;
  const testScheduler: import('rxjs/testing').TestScheduler;
  const bytes: Buffer;
  const key: string;
  const cert: string;
  const tseslint: typeof import('typescript-eslint').default;
  class AppModule {}
  function rot13(line: string): string;
  function rot13(conn: given.Connection): GivenObservable<never>;
  function demultiplex(packet: Buffer): void;
  function handle(value: unknown): void;
  function reload(): void;
}
`;

/** An example of the docs: where it stands, and its code. */
export interface Snippet {
  readonly where: string;
  readonly code: string;
}

/** What the compiler says against examples, which may leave out imports and what is given. */
export function problemsOf(folder: string, snippets: readonly Snippet[]): string[] {
  const path = join(FOLDER, folder);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  const files = new Map(
    snippets.map(({ where, code }, index) => {
      const file = join(path, `example${String(index)}.ts`);
      writeFileSync(file, moduleOf(code));
      return [file, where];
    }),
  );
  const given = join(path, 'given.ts');
  writeFileSync(given, GIVEN);
  const program = ts.createProgram([given, ...files.keys()], OPTIONS);
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, '\n');
    return `${files.get(file?.fileName ?? '') ?? 'given'}: ${message}`;
  });
}

/** A module of an example's own imports, those that it leaves out, and a function with the rest. */
function moduleOf(code: string): string {
  const own = [...code.matchAll(/^import [^;]*;$/gm)].map(([line]) => line).join('\n');
  const rest = code.replace(/^import [^;]*;$/gm, '');
  const taken = new Set<string>(own.match(/\w+/g));
  const used = new Set<string>(rest.match(/(?<![.\w'])[a-z]\w*(?!\w*:)/gi));
  const imports = MODULES.map(([module, names]) => {
    const wanted = names.filter((name) => used.has(name) && !taken.has(name));
    for (const name of wanted) taken.add(name);
    return wanted.length === 0 ? '' : `import { ${wanted.join(', ')} } from '${module}';`;
  });
  const body = /^export /m.test(rest) ? rest : `export async function example() {\n${rest}\n}`;
  return [...imports, own, body].filter((part) => part !== '').join('\n');
}
