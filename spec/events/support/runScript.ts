import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** The built package, for programs of their own. */
export const PACKAGE = join(__dirname, '..', '..', '..', 'dist', 'index.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
  readonly errors: string;
}

/** Runs JavaScript in a process of its own; `EventBase` and `rxjs` are in scope. */
export function runScript(script: string, args: readonly string[] = []): Promise<Ended> {
  const prelude = `const library = require(${JSON.stringify(PACKAGE)});
    const { EventBase } = library; const rxjs = require('rxjs');`;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['-e', `${prelude}\n${script}`, ...args],
      { cwd: join(__dirname, '..', '..', '..') },
      (_error, stdout, stderr) => {
        const lines = stdout.split('\n').filter((line) => line !== '');
        resolve({ code: child.exitCode, signal: child.signalCode, lines, errors: stderr });
      },
    );
  });
}
