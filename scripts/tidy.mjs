// node scripts/tidy.mjs: clang-tidy over the addon, with the flags of its build.
import { execFileSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ensureModules } from './setup/modules.mjs';
import { root } from './setup/paths.mjs';
import { filesIn } from './setup/stamp.mjs';
import { ensureSystem } from './setup/system.mjs';

ensureSystem(['build', 'tidy']);
ensureModules();

const { include_dir: nodeAddonApi } = createRequire(import.meta.url)('node-addon-api');
const libevent = execFileSync('pkg-config', ['--cflags', 'libevent_core', 'libevent_pthreads']);
const prefix = process.env.npm_config_nodedir ?? dirname(dirname(process.execPath));
const flags = [
  ...libevent.toString().trim().split(/\s+/).filter(Boolean),
  ...['-isystem', join(root, nodeAddonApi), '-isystem', join(prefix, 'include/node')],
  ...['-DNAPI_VERSION=9', '-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_ADDON_API_DISABLE_DEPRECATED'],
  ...['-std=c++17', '-fno-exceptions', '-fno-rtti'],
];
const sources = filesIn('native', /\.cc$/).filter((file) => !file.includes('/build/'));

const { status } = spawnSync('clang-tidy', ['--quiet', ...sources, '--', ...flags], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
