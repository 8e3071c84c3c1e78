import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { RunSample } from '../support/runSample';

const SERVER = join(__dirname, '../support/json_rpc.py');

describe('recipe rpc-client, with a server in Python', () => {
  let server: ChildProcess;
  let said: Interface;
  let to: string;

  beforeAll(async () => {
    server = spawn('python3', [SERVER], { stdio: ['ignore', 'pipe', 'ignore'] });
    said = createInterface(server.stdout!);
    const [port] = (await once(said, 'line')) as [string];
    to = `127.0.0.1:${port}`;
  });

  afterAll(async () => {
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  });

  const client = (...times: readonly string[]): RunSample =>
    new RunSample('recipes/rpc-client', '--to', to, ...times);

  it('gives each answer to its question, in the order of their coming', async () => {
    const run = client();
    run.child.stdin.write('sleep [300]\nadd [1,2]\n');
    await run.printed('sleep');
    run.child.stdin.end('fly []\nadd nonsense\n');
    const { code, output, errors } = await run.ended;
    expect([code, errors]).toEqual([0, '']);
    const [first, second, ...others] = output.trimEnd().split('\n');
    expect([first, second]).toEqual(['add [1,2]: 3', 'sleep [300]: 300']);
    expect(others.sort()).toEqual([
      expect.stringMatching(/^add nonsense: SyntaxError: /),
      'fly []: Error: no method fly',
    ]);
  });

  it('asks a thousand questions, 32 at a time', async () => {
    const run = client();
    const numbers = Array.from({ length: 1000 }, (_, number) => number);
    run.child.stdin.end(numbers.map((number) => `add [${number}]\n`).join(''));
    const { code, output } = await run.ended;
    expect(code).toBe(0);
    const answers = output.trimEnd().split('\n').sort();
    expect(answers).toEqual(numbers.map((number) => `add [${number}]: ${number}`).sort());
  });

  it('gives a question up that is not answered in time, and goes on', async () => {
    const run = client('--answer-within-ms', '200');
    run.child.stdin.write('sleep [60000]\n');
    await run.printed('sleep [60000]: TimeoutError: Timeout has occurred\n');
    run.child.stdin.end('add [2,2]\n');
    expect((await run.ended).output).toMatch(/add \[2,2\]: 4\n$/);
  });

  it('notices by its heartbeat a server that hangs, and connects to the next', async () => {
    const run = client('--answer-within-ms', '400', '--heartbeat-ms', '50');
    await once(said, 'line');
    const again = once(said, 'line');
    run.child.stdin.write('mute []\n');
    expect(await again).toEqual(['connected']);
    await run.printed('mute []: ');
    run.child.stdin.end('add [3,3]\n');
    const { code, output, errors } = await run.ended;
    expect([code, errors]).toEqual([0, 'TimeoutError: Timeout has occurred; connecting again\n']);
    expect(output).toMatch(/add \[3,3\]: 6\n$/);
  });
});
