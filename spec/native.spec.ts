import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
/** The library as it is where npm has not run its install script. */
const FOLDER = join(ROOT, '.build/spec/native');
const ADDON = join(FOLDER, 'native/build/Release');

describe('native', () => {
  beforeAll(() => {
    rmSync(FOLDER, { recursive: true, force: true });
    cpSync(join(ROOT, 'dist'), join(FOLDER, 'dist'), { recursive: true });
  });

  function load(): unknown {
    const script = `
      try { require('./dist/index.js'); } catch ({ name, code, message }) {
        console.log(JSON.stringify({ name, code, message }));
      }`;
    const { stdout } = spawnSync(process.execPath, ['-e', script], {
      cwd: FOLDER,
      encoding: 'utf8',
    });
    return JSON.parse(stdout);
  }

  it('says how to build an addon that has not been built', () => {
    expect(load()).toEqual({
      name: 'LibeventError',
      code: 'ERR_ADDON',
      message: expect.stringContaining(
        'Run: npm install-scripts approve rxjs-libevent && npm rebuild rxjs-libevent',
      ) as string,
    });
  });

  it('passes on why the system does not load it', () => {
    mkdirSync(ADDON, { recursive: true });
    writeFileSync(join(ADDON, 'rxjs_libevent.node'), 'no library');
    expect(load()).toEqual({
      name: 'LibeventError',
      code: 'ERR_ADDON',
      message: expect.stringMatching(/file too short.*npm rebuild rxjs-libevent/) as string,
    });
  });
});
