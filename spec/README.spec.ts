import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import ts from 'typescript';

const ROOT = join(__dirname, '..');
const FOLDER = join(ROOT, '.build/spec/README');
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  types: ['node'],
  skipLibCheck: true,
};

/** Has the default base listen on any port of the loopback, and say which; then runs the example. */
const ON_ANY_PORT = `
  const { EventBase } = require('rxjs-libevent');
  const { listen } = EventBase.prototype;
  EventBase.prototype.listen = function (config) {
    const listener = listen.call(this, { ...config, host: '127.0.0.1', port: 0 });
    listener.bound.subscribe(({ port }) => console.log(port));
    return listener;
  };
  require(process.argv[1]);
`;

/** Has the default base connect to the port that is given; then runs the example. */
const TO_PORT = `
  const { EventBase } = require('rxjs-libevent');
  const { open } = EventBase.prototype;
  EventBase.prototype.open = function (config) {
    return open.call(this, { ...config, host: '127.0.0.1', port: Number(process.argv[2]) });
  };
  require(process.argv[1]);
`;

describe('README', () => {
  const blocks = [
    ...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```/gms),
  ];
  const examples = blocks.map(([, source = ''], index) => ({
    source,
    module: join(FOLDER, `example${index}.ts`),
    script: join(FOLDER, `example${index}.js`),
  }));

  beforeAll(() => {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    for (const { source, module } of examples) writeFileSync(module, source);
    const modules = examples.map(({ module }) => module);
    const program = ts.createProgram(modules, OPTIONS);
    const diagnostics = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
    expect(diagnostics.map(({ messageText }) => messageText)).toEqual([]);
  });

  function exampleWith(text: string): string {
    const example = examples.find(({ source }) => source.includes(text));
    return example?.script ?? '';
  }

  it('has a first example that answers as it says', async () => {
    const server = spawn(process.execPath, ['-e', ON_ANY_PORT, exampleWith('rot13')], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(server, 'exit');
    const [port] = (await once(createInterface(server.stdout), 'line')) as [string];
    const client = connect(Number(port), '127.0.0.1').setEncoding('utf8');
    client.end('Hello, World!\n');
    let answer = '';
    client.on('data', (text) => (answer += String(text)));
    await once(client, 'end');
    server.kill();
    await exited;
    expect(answer).toBe('Uryyb, Jbeyq!\n');
  });

  it('has a script that asks, prints the answer and ends', async () => {
    const server = spawn(process.execPath, ['-e', ON_ANY_PORT, exampleWith('rot13')], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(server, 'exit');
    const [port] = (await once(createInterface(server.stdout), 'line')) as [string];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['-e', TO_PORT, exampleWith('await using'), port],
      { cwd: ROOT, encoding: 'utf8' },
    );
    server.kill();
    await exited;
    expect([stdout, stderr, status]).toEqual(['Uryyb, Jbeyq!\n', '', 0]);
  });

  it('has a marble test that passes', () => {
    const { status, stderr } = spawnSync(process.execPath, [exampleWith('marbles')], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
