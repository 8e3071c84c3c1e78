import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

describe('native layer', () => {
  // Anything at all may be a path, too, and a socket is made there.
  const cwd = mkdtempSync(join(tmpdir(), 'hostile-'));

  afterAll(() => rmSync(cwd, { recursive: true }));

  /** How a process that does what the library never does ends. */
  function run(...args: string[]): Promise<string> {
    return new Promise((resolve) => {
      const script = join(__dirname, 'support/hostile.cjs');
      execFile(process.execPath, [script, ...args], { cwd }, (error, stdout, stderr) => {
        resolve(error === null ? stdout : `${error.signal ?? error.code} ${stdout}${stderr}`);
      });
    });
  }

  it.each([
    'construction',
    'unknown kinds',
    'late ids',
    'submissions for what has failed to open, in the same turn',
    'payloads that are cut off, too long or nowhere',
    'writes from every piece, to ends that are there',
    'memory that is taken back while it is named',
    'words of the arena that say anything',
    'counters of the rings that have been written over',
    'rate limits of nothing',
    'a backlog of none, and descriptors that are none',
    'marks, credit, files and times of all sizes',
    'timers and signals of all sizes',
  ])('goes on after %s', async (scenario) => {
    expect(await run(scenario)).toBe('alive\n');
  });

  it.each(['1', '2', '3', '4'])('goes on after anything at all, seed %s', async (seed) => {
    expect(await run('anything at all', seed)).toBe('alive\n');
  });
});
