import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { startSample, type RunningSample } from './support/startSample';

describe('sample upgrade', () => {
  let sample: RunningSample;

  beforeAll(async () => {
    sample = await startSample('upgrade', '--port', '0');
  });

  afterAll(async () => {
    expect(await sample.interrupt()).toBe(0);
  });

  function frame(text: string): Buffer {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(Buffer.byteLength(text));
    return Buffer.concat([length, Buffer.from(text)]);
  }

  /** Everything that the sample sends until it ends. */
  async function answerOf(socket: Socket): Promise<Buffer> {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'end');
    return Buffer.concat(chunks);
  }

  const expected = Buffer.concat([
    Buffer.from('upgraded\n'),
    frame('ONE'),
    frame(''),
    frame('TWO'),
  ]);

  it('finds the frames that stand behind the handshake in one packet', async () => {
    const socket = connect(sample.port, '127.0.0.1');
    const frames = [frame('one'), frame(''), frame('two')];
    socket.end(Buffer.concat([Buffer.from('upgrade to frames\r\n'), ...frames]));
    await expect(answerOf(socket)).resolves.toEqual(expected);
  });

  it('finds them however the bytes are cut', async () => {
    const socket = connect(sample.port, '127.0.0.1').setNoDelay();
    const answer = answerOf(socket);
    const frames = [frame('one'), frame(''), frame('two')];
    for (const byte of Buffer.concat([Buffer.from('upgrade to frames\n'), ...frames])) {
      await new Promise((resolve) => socket.write(Buffer.from([byte]), resolve));
    }
    socket.end();
    await expect(answer).resolves.toEqual(expected);
  });

  it('resets who does not say the handshake, and says so', async () => {
    const said = once(sample.child.stderr!, 'data');
    const socket = connect(sample.port, '127.0.0.1');
    socket.write('hello\n');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
    expect(String((await said)[0])).toContain('not a handshake: "hello"');
  });
});
