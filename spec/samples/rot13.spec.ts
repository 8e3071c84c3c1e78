import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { pattern } from '../support/pattern.cjs';
import { receivedBy } from '../connection/support/receivedBy';
import { piped } from './support/piped';
import { startSample, type RunningSample } from './support/startSample';

function rotated(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace(/[a-z]/gi, (letter) => {
    const base = letter <= 'Z' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
  });
  return Buffer.from(text, 'latin1');
}

describe.each(['0', '2'])('samples/rot13, with %s threads', (threads) => {
  let server: RunningSample;

  beforeAll(async () => {
    server = await startSample('rot13', '--port', '0', '--threads', threads);
  });

  afterAll(async () => {
    server.child.kill('SIGKILL');
    await server.interrupt();
  });

  function dial(): Socket {
    const peer = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    peer.on('error', () => {});
    return peer;
  }

  async function answerTo(input: Buffer | string): Promise<Buffer> {
    const peer = dial();
    peer.end(input);
    return receivedBy(peer);
  }

  it('answers nc as the classic example does', async () => {
    const answer = await piped(
      'nc',
      ['-N', '127.0.0.1', server.port.toString()],
      'Hello, World!\n',
    );
    expect(answer.toString()).toBe('Uryyb, Jbeyq!\n');
  });

  it('answers socat the same', async () => {
    const address = `TCP:127.0.0.1:${server.port.toString()}`;
    const answer = await piped('socat', ['-t', '10', '-', address], 'Hello, World!\nabc\n');
    expect(answer.toString()).toBe('Uryyb, Jbeyq!\nnop\n');
  });

  it.each<[string, string, string]>([
    ['nothing', '', ''],
    ['an empty line', '\n', '\n'],
    ['a line without an end, at EOF', 'abc', 'nop'],
    ['a CR, which is a byte like any other', 'a\r\nb\r', 'n\r\no\r'],
    ['NUL bytes', 'a\0b\n', 'n\0o\n'],
  ])('answers %s', async (_name, input, answer) => {
    expect((await answerTo(input)).toString('latin1')).toBe(answer);
  });

  it('rotates letters only, and passes every other byte', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, code) => code));
    expect((await answerTo(all)).equals(rotated(all))).toBe(true);
  });

  it.each([16383, 16384, 16385, 1_000_000])(
    'answers a line of %p bytes, in pieces if it must',
    async (length) => {
      const line = Buffer.concat([Buffer.alloc(length, 'abcxyz'), Buffer.from('\n')]);
      expect((await answerTo(line)).equals(rotated(line))).toBe(true);
    },
  );

  it('answers a long line before its end has come', async () => {
    const peer = dial();
    peer.write(Buffer.alloc(20_000, 'a'));
    const [first] = (await once(peer, 'data')) as [Buffer];
    expect(first.toString('latin1')).toMatch(/^n+$/);
    peer.destroy();
  });

  it('is the same both ways for 8 MB of any bytes', async () => {
    const original = pattern(8 * 1024 * 1024);
    const once_ = await answerTo(original);
    expect(once_.equals(original)).toBe(false);
    expect((await answerTo(once_)).equals(original)).toBe(true);
  });

  it('serves a hundred clients at once, line by line', async () => {
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const peer = dial();
        for (let line = 0; line < 20; line += 1) {
          const text = `client ${index.toString()} line ${line.toString()}\n`;
          peer.write(text);
          const [answer] = (await once(peer, 'data')) as [Buffer];
          expect(answer.equals(rotated(Buffer.from(text)))).toBe(true);
        }
        peer.destroy();
      }),
    );
  });

  it('is harmed by no client that is reset, before, while and after it writes', async () => {
    for (const input of [undefined, 'half a line', 'abc\n', Buffer.alloc(1_000_000, 'x\n')]) {
      const peer = dial();
      await once(peer, 'connect');
      if (input !== undefined) peer.write(input);
      peer.resetAndDestroy();
      expect((await answerTo('still here\n')).toString()).toBe('fgvyy urer\n');
    }
    expect(server.errors()).toBe('');
  });
});

describe('samples/rot13', () => {
  it('lets answers finish when it is interrupted, accepts nobody more, and exits with 0', async () => {
    const server = await startSample('rot13', '--port', '0');
    const peer = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    peer.write('one\n');
    await once(peer, 'data');
    const exited = server.interrupt();
    let refused = '';
    while (refused === '') {
      const late = connect(server.port, '127.0.0.1');
      refused = await new Promise((resolve) => {
        late.on('connect', () => late.destroy()).on('close', () => resolve(''));
        late.on('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(code));
      });
    }
    expect(refused).toMatch(/ECONNREFUSED|ECONNRESET/);
    const answer = receivedBy(peer);
    peer.end('two\n');
    expect((await answer).toString()).toBe('gjb\n');
    expect(await exited).toBe(0);
    expect(server.errors()).toBe('');
  });

  it('says what is wrong, once, and exits with 1 where its port is taken', async () => {
    const server = await startSample('rot13', '--port', '0');
    const child = spawn(
      process.execPath,
      [server.child.spawnargs[1] as string, '--port', server.port.toString()],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    child.stderr.on('data', (data) => (said += String(data)));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    expect(said).toBe(
      `LibeventError: bind EADDRINUSE: address already in use 127.0.0.1:${server.port.toString()}\n`,
    );
    expect(await server.interrupt()).toBe(0);
  });

  it('listens where it is asked to', async () => {
    const server = await startSample('rot13', '--port', '0', '--host', '::1');
    const peer = connect({ port: server.port, host: '::1' });
    peer.end('six\n');
    expect((await receivedBy(peer)).toString()).toBe('fvk\n');
    expect(await server.interrupt()).toBe(0);
  });

  it.each([
    ['--port', '65536'],
    ['--port', 'http'],
    ['--threads', '65'],
    ['--speed', 'high'],
  ])('refuses %s %s', async (...args) => {
    await expect(startSample('rot13', ...args)).rejects.toThrow(/ended with 1/);
  });
});
