import { on, once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { startSample, type RunningSample } from './support/startSample';

describe('sample multi-process', () => {
  let sample: RunningSample;

  beforeAll(async () => {
    sample = await startSample('multi-process', '--port', '0', '--processes', '2');
  });

  afterAll(async () => {
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

  /** What the sample prints from now on: lines that come together are kept, which events are not. */
  const printed = () => {
    const lines = on(createInterface(sample.child.stdout!), 'line');
    const next = async (): Promise<string> => ((await lines.next()).value as [string])[0];
    const until = async (last: string): Promise<void> => {
      while ((await next()) !== last);
    };
    return { next, until };
  };

  it('answers by every process', async () => {
    const processes = new Set<number>();
    while (processes.size < 2) {
      for (const one of await Promise.all(Array.from({ length: 20 }, ask))) processes.add(one);
    }
  });

  it('replaces all processes three times without a connection that is refused', async () => {
    const output = printed();
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
      await output.until('all processes are new');
    }
    restarting = false;
    await clients;
    expect(processes.size).toBeGreaterThan(2);
    expect(answers).toBeGreaterThan(processes.size);
  });

  it('lets a connection finish that an old process has', async () => {
    const output = printed();
    const socket = connect(sample.port, '127.0.0.1');
    const answers = createInterface(socket);
    socket.write('one\n');
    const [before] = (await once(answers, 'line')) as [string];
    sample.child.kill('SIGHUP');
    await output.next();
    socket.write('two\n');
    const [after] = (await once(answers, 'line')) as [string];
    expect(after).toBe(before.replace('one', 'two'));
    socket.end();
    await output.until('all processes are new');
  });

  it('replaces a process that dies', async () => {
    const output = printed();
    const victim = await ask();
    process.kill(victim, 'SIGKILL');
    const [, successor] = /^process (\d+) accepts$/.exec(await output.next())!;
    let answered = 0;
    while (answered !== Number(successor)) answered = await ask();
    expect(sample.errors()).toBe(`process ${victim} has ended\n`);
  });
});
