// Breaks the library in one place at a time, in a copy, and says after how many seeds the simulation
// notices, with which system, and by what.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../setup/paths.mjs';
import { planted } from './planted.mjs';

const compilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.CommonJS,
  esModuleInterop: true,
};

/** @returns whether all of them have been found */
export function findPlanted({ seeds, first, only }) {
  const copy = mkdtempSync(join(tmpdir(), 'rxjs-libevent-simulate-'));
  try {
    cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
    mkdirSync(join(copy, '.build'));
    cpSync(join(root, '.build/samples'), join(copy, '.build/samples'), { recursive: true });
    cpSync(join(root, 'package.json'), join(copy, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    mkdirSync(join(copy, 'native'));
    symlinkSync(join(root, 'native/build'), join(copy, 'native/build'));
    const chosen = planted.filter(({ rule }) => new RegExp(only ?? '').test(rule));
    let found = 0;
    console.log('| planted | seeds | system | found as |\n| --- | --- | --- | --- |');
    for (const fault of chosen) {
      const restore = plant(copy, fault);
      const finding = run(copy, seeds, first);
      restore();
      if (finding !== undefined) found += 1;
      const { seed, system, what } = finding ?? {};
      const count = finding === undefined ? `not in ${seeds}` : String(seed);
      console.log(`| ${fault.rule} | ${count} | ${system ?? ''} | ${what ?? ''} |`);
    }
    console.log(`\n${found} of ${chosen.length} planted faults found`);
    return found === chosen.length;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** All edits of a fault are in one file. */
function plant(copy, { rule, edits }) {
  const [{ file }] = edits;
  let text = readFileSync(join(root, file), 'utf8');
  for (const { from, to } of edits) {
    if (text.split(from).length !== 2)
      throw new Error(`${rule}: not found once in ${file}:\n${from}`);
    text = text.replace(from, () => to);
  }
  const path = join(copy, file.replace(/^lib/, 'dist').replace(/[.]ts$/, '.js'));
  const before = readFileSync(path);
  writeFileSync(path, ts.transpileModule(text, { compilerOptions }).outputText);
  return () => writeFileSync(path, before);
}

function run(copy, seeds, first) {
  const child = join(root, 'scripts/simulate/firstFailure.mjs');
  const { stdout, status } = spawnSync(
    process.execPath,
    [child, copy, String(seeds), String(first)],
    {
      encoding: 'utf8',
      timeout: 600_000,
    },
  );
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (status === 0) return last === '' ? undefined : JSON.parse(last);
  return { seed: '?', system: '?', what: 'the run did not end' };
}
