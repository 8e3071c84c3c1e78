import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { piped } from '../support/piped';
import { startSample, type RunningSample } from '../support/startSample';

/** A megabyte in a few lines: more of them than the buffers of a connection take. */
const LONG = 'x'.repeat(60_000);
const MANY = 400;

describe('recipe pubsub', () => {
  let server: RunningSample;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    server = await startSample('recipes/pubsub', '--port', '0');
  });

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  afterAll(async () => {
    expect(await server.interrupt()).toBe(0);
  });

  const dial = (): Socket => {
    const socket = connect(server.port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    return socket;
  };

  /** One that has subscribed: it hears itself, in a topic of its own. */
  async function reader(command: string): Promise<Socket> {
    const socket = dial();
    socket.write(`${command}\nsub me\npub me here\n`);
    await once(socket, 'data');
    return socket.pause();
  }

  /** Publishes many long lines, and one at last; resolves when a reader that keeps up has that. */
  async function publish(topic: string): Promise<void> {
    const witness = dial();
    const lines = createInterface(witness);
    const speaker = dial();
    witness.write('sub done\npub done ready\n');
    await once(lines, 'line');
    for (let count = 0; count < MANY; count += 1) speaker.write(`pub ${topic} ${count} ${LONG}\n`);
    speaker.write(`pub ${topic} last\npub done done\n`);
    await once(lines, 'line');
  }

  /** The numbers of what a reader hears, up to the last line. */
  async function heardBy(socket: Socket): Promise<number[]> {
    const numbers: number[] = [];
    for await (const line of createInterface(socket)) {
      const [, number = ''] = line.split(' ');
      if (number === 'last') break;
      numbers.push(Number(number));
    }
    return numbers;
  }

  it('sends lines by topic, to nc', async () => {
    const output = await piped(
      'nc',
      ['-N', '127.0.0.1', `${server.port}`],
      'sub a\nsub b newest\npub a one\npub c none\npub b two\n',
    );
    expect(output.toString()).toBe('a one\nb two\n');
  });

  it('all: holds who publishes until a slow reader has every line', async () => {
    const slow = await reader('sub held all');
    const published = publish('held');
    expect(await heardBy(slow)).toEqual(Array.from({ length: MANY }, (_, number) => number));
    await published;
  });

  it('some: drops for a slow reader what it cannot take', async () => {
    const slow = await reader('sub some some');
    await publish('some');
    slow.end();
    const numbers = await heardBy(slow);
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers.length).toBeLessThan(MANY);
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
  });

  it('newest: has the last line for a slow reader, whatever it has missed', async () => {
    const slow = await reader('sub new newest');
    await publish('new');
    const numbers = await heardBy(slow);
    expect(numbers.length).toBeLessThan(MANY);
    expect(numbers[0]).toBe(0);
  });

  it('none: ends the connection of a slow reader', async () => {
    const slow = await reader('sub gone none');
    await publish('gone');
    const closed = once(slow, 'close');
    slow.resume();
    await closed;
    expect(server.errors()).toContain('ERR_SATURATED');
  });

  it('resets who says what is no command', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write('sub a sometimes\n');
    await expect(once(socket, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
