// lib to dist: once, as CommonJS, and for `import` a thin module that passes the same exports on. So
// the state of the library, its default base above all, exists once whichever way it is loaded.
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { root } from './setup/paths.mjs';

const entries = ['eslint', 'index', 'nestjs', 'streams', 'testing'].map((name) => `lib/${name}.ts`);

const { options, fileNames, errors } = ts.getParsedCommandLineOfConfigFile(
  join(root, 'tsconfig.build.json'),
  {},
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (diagnostic) => fail([diagnostic]) },
);
fail(errors);
const program = ts.createProgram(fileNames, options);
fail(ts.getPreEmitDiagnostics(program));
fail(program.emit().diagnostics);
for (const entry of entries) writeModule(entry);

function writeModule(entry) {
  const name = basename(entry, '.ts');
  const module = join(options.outDir, name);
  const names = valuesOf(entry).join(',\n  ');
  writeFileSync(
    `${module}.mjs`,
    `import library from './${name}.js';\n\nexport const {\n  ${names},\n} = library;\n`,
  );
  writeFileSync(`${module}.d.mts`, `export * from './${name}.js';\n`);
}

function valuesOf(entry) {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(join(root, entry)));
  return checker
    .getExportsOfModule(module)
    .filter((symbol) => isValue(symbol, checker) && !isTypeOnly(symbol) && !isInternal(symbol))
    .map((symbol) => symbol.name)
    .sort();
}

function isValue(symbol, checker) {
  const isAlias = symbol.flags & ts.SymbolFlags.Alias;
  const target = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
  return (target.flags & ts.SymbolFlags.Value) !== 0;
}

function isTypeOnly({ declarations = [] }) {
  return declarations.some(ts.isTypeOnlyImportOrExportDeclaration);
}

function isInternal(symbol) {
  return symbol.getJsDocTags().some(({ name }) => name === 'internal');
}

function fail(diagnostics) {
  if (diagnostics.length === 0) return;
  console.error(
    ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (file) => file,
      getCurrentDirectory: () => root,
      getNewLine: () => '\n',
    }),
  );
  process.exit(1);
}
