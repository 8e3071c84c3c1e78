// node scripts/packed.mjs: what a user gets. Packs the package, installs it in a project of its own
// outside the repository, and runs a marble test and a simulation there under jest, vitest and node:test;
// then once more in a project that links the repository.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './setup/paths.mjs';

const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const project = mkdtempSync(join(tmpdir(), 'rxjs-libevent-packed-'));

// Nothing else needs it, so it is no dependency of the repository. The next one leaves Node 20.
const VITEST = 'vitest@^4.0.0';

// The repository has the version before.
const NEST = ['common', 'core', 'microservices'].map((name) => `@nestjs/${name}@^12.0.0`);

// Not released: what it will change is known early.
const RXJS_8 = 'rxjs@8.0.0-alpha.14';

const pipeline = `
const { delay, map, of } = require('rxjs');
const { lines, sendTo, serve } = require('rxjs-libevent');
exports.shouting = (it) => it.pipe(lines(), map((line) => line.toUpperCase() + '\\n'), delay(2), sendTo(it));
exports.shout = (conn) => of(conn).pipe(serve(exports.shouting));
`;

const body = `
  marbles(({ connection, expectDemand, expectOutput, expectClosed }) => {
    const conn = connection('--a--b--|', { a: 'Hel', b: 'lo\\n' });
    shout(conn).subscribe();
    expectDemand(conn).toBe('^-------!');
    expectOutput(conn).toBe('-------x|', { x: 'HELLO\\n' });
    expectClosed(conn).toBe('--------|');
  });
`;

/** A whole system, over a network that resets and delays. */
const simulation = `
  let answers = 0;
  const report = simulate({ seed: 1, seeds: 20 }, ({ machine, atEnd }) => {
    const server = machine('server');
    server.listen({ port: 7 }).pipe(serve(shouting), retry({ delay: 10 })).subscribe();
    const ask = (conn) => merge(of('ask\\n').pipe(sendTo(conn)), conn.pipe(lines(), take(1)));
    let answer = '';
    machine('client')
      .connect({ host: 'server', port: 7, idleTimeoutMs: 1000 }, ask)
      .pipe(throwIfEmpty(), take(1), retry({ delay: 10 }))
      .subscribe((line) => { answer = line; answers += 1; });
    atEnd('there is an answer', () => answer === 'ASK');
  });
  if (answers !== report.seeds) throw new Error(answers + ' answers');
`;

/** For runners whose tests are `it`. */
const its = `
const marbles = marblesWith((actual, expected) => expect(actual).toEqual(expected));
it('answers in capitals', () => {
  expect.assertions(3);
${body}
});
it('answers over a network that resets', () => {
${simulation}
});
`;

const jestTest = `
const { merge, of, retry, take, throwIfEmpty } = require('rxjs');
const { lines, sendTo, serve } = require('rxjs-libevent');
const { marblesWith, simulate } = require('rxjs-libevent/testing');
const { shout, shouting } = require('./shout.js');
${its}`;

const vitestTest = `
import { expect, it } from 'vitest';
import { merge, of, retry, take, throwIfEmpty } from 'rxjs';
import { lines, sendTo, serve } from 'rxjs-libevent';
import { marblesWith, simulate } from 'rxjs-libevent/testing';
import { shout, shouting } from './shout.js';
${its}`;

/** With the RxJS that the link does not know, which is that of the project around it. */
const linkedTest = `${vitestTest}
import { createRequire } from 'node:module';
it('says that RxJS is there twice', () => {
  const { timer } = createRequire(new URL('..', import.meta.url))('rxjs');
  expect(() => marbles(() => { timer(2).subscribe(); })).toThrow('RxJS is there twice');
});
`;

const nodeTest = `
import test from 'node:test';
import { merge, of, retry, take, throwIfEmpty } from 'rxjs';
import { lines, sendTo, serve } from 'rxjs-libevent';
import { marbles, simulate } from 'rxjs-libevent/testing';
import { shout, shouting } from './shout.js';
test('answers in capitals', () => {
${body}
});
test('answers over a network that resets', () => {
${simulation}
});
`;

const typed = `
import type { Connection } from 'rxjs-libevent';
import { marbles, type Peer } from 'rxjs-libevent/testing';
marbles(({ connection, peer, expectOutput }) => {
  const conn: Connection = connection('-a|', { a: new Uint8Array(1) });
  const far: Peer = peer('');
  expectOutput(conn).toBe('-a|');
  expectOutput(far).toBe('');
  // @ts-expect-error marbles are text
  connection(5);
});
`;

const streamed = `
import type { Duplex, Writable } from 'node:stream';
import { map } from 'rxjs';
import { lines, type Connection } from 'rxjs-libevent';
import { fromReadable, toAsyncIterable, toDuplex, toWebStreams, toWritable } from 'rxjs-libevent/streams';
export async function use(conn: Connection, file: Duplex): Promise<number> {
  const duplex: Duplex = toDuplex(conn, { allowHalfOpen: true });
  const writable: Writable = toWritable(conn, { end: false });
  fromReadable(file).pipe(map((bytes) => bytes.length)).subscribe();
  await toWebStreams(conn).readable.pipeTo(toWebStreams(conn).writable);
  for await (const chunk of conn) writable.write(chunk);
  for await (const line of toAsyncIterable(conn.pipe(lines()))) duplex.write(line.trim());
  // @ts-expect-error a socket of Node's is no connection
  toDuplex(file);
  return duplex.writableLength;
}
`;

const overHttp = `
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { listen } from 'rxjs-libevent';
import { toDuplex } from 'rxjs-libevent/streams';
if (createRequire(import.meta.url)('rxjs-libevent/streams').toDuplex !== toDuplex) throw new Error('two');
const server = createServer((request, response) => response.end('hello'));
const listener = listen({ host: '127.0.0.1' });
const listening = listener.subscribe((conn) => server.emit('connection', toDuplex(conn)));
listener.bound.subscribe(async ({ port }) => {
  const answer = await fetch('http://127.0.0.1:' + port, { headers: { connection: 'close' } });
  if ((await answer.text()) !== 'hello') throw new Error('another answer');
  listening.unsubscribe();
});
`;

// Both ways with Nest's own transport.
const withNest = `
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { ClientTCP, ServerTCP } from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom, of, toArray } from 'rxjs';
import { LibeventClient, LibeventServer } from 'rxjs-libevent/nestjs';
if (createRequire(import.meta.url)('rxjs-libevent/nestjs').LibeventServer !== LibeventServer) throw new Error('two');
const where = { host: '127.0.0.1', port: 0 };
for (const [server, Client] of [[new LibeventServer(where), ClientTCP], [new ServerTCP(where), LibeventClient]]) {
  server.addHandler('twice', async (value) => of(value, value));
  assert.equal(await new Promise((resolve) => server.listen(resolve)), undefined);
  const listener = server.unwrap();
  const { port } = listener.bound ? await firstValueFrom(listener.bound) : listener.address();
  const client = new Client({ ...where, port });
  assert.deepEqual(await lastValueFrom(client.send('twice', 'x').pipe(toArray())), ['x', 'x']);
  client.close();
  await server.close();
}
process.exit(0);
`;

const linted = `
import { concatMap } from 'rxjs';
import type { Connection } from 'rxjs-libevent';
export const work = (conn: Connection) => conn.pipe(concatMap(async (chunk) => chunk.length));
`;

// What the rule says of it, in a project of its own.
const lint = `
import assert from 'node:assert/strict';
import { ESLint } from 'eslint';
import { recommended } from 'rxjs-libevent/eslint';
import { parser } from 'typescript-eslint';
const parserOptions = { projectService: true, tsconfigRootDir: process.cwd() + '/linted' };
const overrideConfig = [{ files: ['**/*.ts'], languageOptions: { parser, parserOptions } }, recommended];
const [{ messages }] = await new ESLint({ overrideConfigFile: true, overrideConfig }).lintFiles(['linted/linted.ts']);
assert.deepEqual(messages.map(({ ruleId }) => ruleId), ['rxjs-libevent/no-unbounded-queue']);
`;

// Under the next RxJS: operators of both, sockets, the marble kit.
const rxjs8 = `
import assert from 'node:assert/strict';
import { lastValueFrom, map, toArray } from 'rxjs';
import { EventBase, lines, mergeMapHeld, sendTo } from 'rxjs-libevent';
import { marbles } from 'rxjs-libevent/testing';
const base = new EventBase();
const [near, far] = base.pair();
far.pipe(lines(), mergeMapHeld(async (line) => line, 2), map((line) => line + '!\\n'), sendTo(far)).subscribe();
near.next('one\\ntwo\\n');
near.complete();
assert.deepEqual(await lastValueFrom(near.pipe(lines(), toArray())), ['one!', 'two!']);
await base.close();
marbles(({ connection, expectOutput }) => {
  const conn = connection('-a|');
  conn.subscribe(conn);
  expectOutput(conn).toBe('-a|');
});
`;

// No addon may be loaded for the kit itself.
const withoutAddon = `
process.dlopen = (module, file) => { throw new Error('loads ' + file); };
const { marbles } = require('rxjs-libevent/testing');
marbles(({ connection, expectOutput }) => {
  const conn = connection('-a|');
  conn.subscribe(conn);
  expectOutput(conn).toBe('-a|');
});
`;

try {
  run('pack', 'npm', ['pack', '--silent', '--pack-destination', project], root);
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'));
  // npm may want the names of those whose install scripts may run.
  const allowScripts = { [`file:${tarball}`]: true, 'rxjs-libevent': true };
  const file = (name, text) => writeFileSync(join(project, name), text);
  file(
    'package.json',
    JSON.stringify({ name: 'user', private: true, type: 'commonjs', allowScripts }),
  );
  file('shout.js', pipeline);
  file('shout.test.js', jestTest);
  file('shout.vitest.mjs', vitestTest);
  file('vitest.config.mjs', "export default { test: { include: ['*.vitest.mjs'] } };");
  file('shout.node.mjs', nodeTest);
  // As `npm link` does it, for both; vitest is that of the project around it.
  mkdirSync(join(project, 'linked/node_modules'), { recursive: true });
  symlinkSync(root, join(project, 'linked/node_modules/rxjs-libevent'));
  symlinkSync(join(root, 'node_modules/rxjs'), join(project, 'linked/node_modules/rxjs'));
  for (const name of ['shout.js', 'vitest.config.mjs']) {
    cpSync(join(project, name), join(project, 'linked', name));
  }
  file('linked/shout.vitest.mjs', linkedTest);
  file('typed.mts', typed);
  file('streamed.mts', streamed);
  file('over-http.mjs', overHttp);
  file('without-addon.js', withoutAddon);
  file('with-nest.mjs', withNest);
  file('lint.mjs', lint);
  // A folder of its own: tsc takes no tsconfig.json beside the files that it is given.
  mkdirSync(join(project, 'linted'));
  file('linted/linted.ts', linted);
  file(
    'linted/tsconfig.json',
    JSON.stringify({ compilerOptions: { module: 'node16', strict: true }, files: ['linted.ts'] }),
  );
  file('rxjs-8.mjs', rxjs8);
  cpSync(join(root, '.npmrc'), join(project, '.npmrc'));
  const tools = [
    'jest',
    'typescript',
    '@types/node',
    'eslint',
    'typescript-eslint',
    'reflect-metadata',
  ];
  const packages = ['rxjs', ...tools].map((name) => `${name}@${devDependencies[name]}`);
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  run('install', 'npm', ['install', ...quiet, `./${tarball}`, ...packages, ...NEST, VITEST]);
  run('jest', 'npx', ['--no-install', 'jest', '--ci']);
  run('vitest', 'npx', ['--no-install', 'vitest', 'run']);
  run('vitest, linked', 'npx', ['--no-install', 'vitest', 'run', '--root', 'linked']);
  run('node:test', process.execPath, ['--test', 'shout.node.mjs']);
  run('types', 'npx', [
    ...['--no-install', 'tsc', '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022'],
    ...['--module', 'node16', '--types', 'node', 'typed.mts', 'streamed.mts'],
  ]);
  run('http over it', process.execPath, ['over-http.mjs']);
  run('no addon', process.execPath, ['without-addon.js']);
  run('Nest 12', process.execPath, ['with-nest.mjs']);
  run('lint rule', process.execPath, ['lint.mjs']);
  // Last, since it takes the place of the RxJS that the others need.
  run('install RxJS 8', 'npm', [
    'install',
    ...quiet,
    '--no-save',
    '--force',
    '--ignore-scripts',
    RXJS_8,
  ]);
  run('RxJS 8', process.execPath, ['rxjs-8.mjs']);
} finally {
  rmSync(project, { recursive: true, force: true });
}

function run(name, command, args, cwd = project) {
  const began = performance.now();
  const env = { ...process.env, NO_COLOR: '1' };
  // A run of node:test within one of its own would report to it.
  delete env.NODE_TEST_CONTEXT;
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (status === 0) {
    console.log(`packed: ${name} ok (${seconds} s)`);
    return;
  }
  throw new Error(`packed: ${name} failed:\n${error?.message ?? ''}${stdout}${stderr}`);
}
