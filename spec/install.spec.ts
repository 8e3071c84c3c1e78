import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');

/** The script that npm runs, in a package as it is unpacked, on a system without any program. */
describe('the install script, without a compiler', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rxjs-libevent-install-'));
    for (const part of ['scripts/install.mjs', 'scripts/setup', 'native/binding.gyp']) {
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    }
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function install() {
    const { LD_PRELOAD = '' } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/install.mjs'], {
      cwd: folder,
      env: { PATH: '', LD_PRELOAD },
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  }

  it('says what is missing, and does not fail', () => {
    expect(install()).toEqual({
      status: 0,
      stdout: '',
      stderr: expect.stringMatching(
        /there is no addon yet\. rxjs-libevent needs pkg-config.*a C\+\+ compiler/,
      ) as string,
    });
  });

  it('says nothing where an addon came along', () => {
    const prebuilt = join(folder, `prebuilds/linux-${process.arch}`);
    mkdirSync(prebuilt, { recursive: true });
    writeFileSync(join(prebuilt, 'rxjs_libevent.node'), '');
    expect(install()).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('says nothing of one for another system', () => {
    const prebuilt = join(folder, 'prebuilds/linux-sparc');
    mkdirSync(prebuilt, { recursive: true });
    writeFileSync(join(prebuilt, 'rxjs_libevent.node'), '');
    expect(install().stderr).toContain('there is no addon yet');
  });
});
