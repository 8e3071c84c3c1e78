import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versions } from 'rxjs-libevent';
import { native } from '../lib/native';

const ROOT = join(__dirname, '..');
/** The library as it is where npm has not run its install script. */
const FOLDER = join(ROOT, '.build/spec/native');
const ADDON = join(FOLDER, 'native/build/Release');
const BUILT = join(ROOT, 'native/build/Release/rxjs_libevent.node');

describe('native', () => {
  beforeAll(() => {
    rmSync(FOLDER, { recursive: true, force: true });
    cpSync(join(ROOT, 'dist'), join(FOLDER, 'dist'), { recursive: true });
  });

  /** @param before - run first */
  function load(before = ''): unknown {
    const script = `
      ${before}
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

  it('takes the addon that came along where none has been built', () => {
    rmSync(ADDON, { recursive: true, force: true });
    const prebuilt = join(FOLDER, `prebuilds/linux-${process.arch}`);
    mkdirSync(prebuilt, { recursive: true });
    cpSync(BUILT, join(prebuilt, 'rxjs_libevent.node'));
    const loaded = 'console.log(JSON.stringify(require("./dist/index.js").versions()))';
    expect(load(`${loaded}; process.exit();`)).toEqual(versions());
    rmSync(prebuilt, { recursive: true });
  });

  it.each([
    ['submission', 'sendFile'],
    ['completion', 'released'],
    ['control', 'borrowed'],
    ['connectRequest', 'keepAliveSeconds'],
    ['memory', 'arenaBlockBytes'],
    ['stat', 'passes'],
  ])('refuses an addon of another version, without %s.%s', (table, name) => {
    mkdirSync(ADDON, { recursive: true });
    writeFileSync(join(ADDON, 'rxjs_libevent.node'), '');
    const lacking = `
      const addon = require(${JSON.stringify(BUILT)});
      const layout = structuredClone(addon.layout);
      delete layout.${table}.${name};
      require.extensions['.node'] = (module) => (module.exports = { ...addon, layout });`;
    expect(load(lacking)).toEqual({
      name: 'LibeventError',
      code: 'ERR_ADDON',
      message: expect.stringMatching(
        new RegExp(`it has no ${table}\\.${name}; build it anew with: npm rebuild`),
      ) as string,
    });
  });
});

describe('versions()', () => {
  it('says which libevent runs, and which OpenSSL', () => {
    expect(versions()).toEqual({
      libevent: native.libeventVersion,
      libeventFrom: 'system',
      openssl: process.versions.openssl,
    });
  });
});

describe('native.layout', () => {
  const { layout } = native;

  it.each(['submission', 'completion'] as const)('has kinds of %s that fit a record', (table) => {
    const kinds = Object.values(layout[table]);
    expect(new Set(kinds).size).toBe(kinds.length);
    for (const kind of kinds) expect(kind > 0 && kind < 256).toBe(true);
  });

  it.each(['connectRequest', 'listenRequest', 'rateLimitRequest', 'sendFileRequest'] as const)(
    'has the fields of a %s one behind the other',
    (table) => {
      const { size, ...fields } = layout[table];
      const offsets = Object.values(fields).sort((one, other) => one - other);
      expect(offsets).toEqual(Array.from({ length: size / 4 }, (_, index) => index * 4));
    },
  );

  it('has pieces of memory, and the bit that gives one back, that fit a record', () => {
    const { pieces, releaseBit } = layout.memory;
    expect(pieces).toBeLessThanOrEqual(releaseBit);
    expect(releaseBit).toBeLessThan(1 << 24);
  });
});
