import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { startSample, type RunningSample } from './support/startSample';

describe('sample multi-process', () => {
  let sample: RunningSample;

  beforeEach(async () => {
    sample = await startSample('multi-process', '--port', '0', '--processes', '2');
  });

  afterEach(async () => {
    expect(await sample.interrupt()).toBe(0);
  });

  /** The process that answers; throws for a connection that is refused, reset or not answered. */
  async function ask(): Promise<number> {
    const socket = connect(sample.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.end('who?\n');
    await once(socket, 'close');
    const match = /^process (\d+): who\?\n$/.exec(text);
    if (match === null) throw new Error(`answered with ${JSON.stringify(text)}`);
    return Number(match[1]);
  }

  it('answers by every process', async () => {
    const processes = new Set<number>();
    while (processes.size < 2) {
      for (const one of await Promise.all(Array.from({ length: 20 }, ask))) processes.add(one);
    }
  });

  it('replaces all processes three times without a connection that is refused', async () => {
    const output = createInterface(sample.child.stdout!);
    let restarting = true;
    let answers = 0;
    const processes = new Set<number>();
    const client = async (): Promise<void> => {
      while (restarting) {
        processes.add(await ask());
        answers += 1;
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, client));
    for (let times = 0; times < 3; times += 1) {
      sample.child.kill('SIGHUP');
      for (let line = ''; line !== 'all processes are new';) {
        [line] = (await once(output, 'line')) as [string];
      }
    }
    restarting = false;
    await clients;
    expect(processes.size).toBeGreaterThan(2);
    expect(answers).toBeGreaterThan(processes.size);
  });

  it('lets a connection finish that an old process has', async () => {
    const output = createInterface(sample.child.stdout!);
    const socket = connect(sample.port, '127.0.0.1');
    const answers = createInterface(socket);
    socket.write('one\n');
    const [before] = (await once(answers, 'line')) as [string];
    sample.child.kill('SIGHUP');
    await once(output, 'line');
    socket.write('two\n');
    const [after] = (await once(answers, 'line')) as [string];
    expect(after).toBe(before.replace('one', 'two'));
    socket.end();
    for (let line = ''; line !== 'all processes are new';) {
      [line] = (await once(output, 'line')) as [string];
    }
  });

  it('replaces a process that dies', async () => {
    const output = createInterface(sample.child.stdout!);
    const victim = await ask();
    process.kill(victim, 'SIGKILL');
    const [line] = (await once(output, 'line')) as [string];
    const [, successor] = /^process (\d+) accepts$/.exec(line)!;
    let answered = 0;
    while (answered !== Number(successor)) answered = await ask();
    expect(sample.errors()).toBe(`process ${victim} has ended\n`);
  });
});
