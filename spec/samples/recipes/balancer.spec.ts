import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { receivedBy } from '../../connection/support/receivedBy';
import { ForeignServer } from '../support/ForeignServer';
import { HeldPort } from '../support/HeldPort';
import { piped } from '../support/piped';
import { startSample, type RunningSample } from '../support/startSample';

const folder = mkdtempSync(join(tmpdir(), 'balancer-'));
const HOST = '127.0.0.1';

/** HAProxy, which is bound to ports that were free a moment ago, and says nothing until it is ready. */
async function haproxy(name: string, sections: string): Promise<ForeignServer> {
  const file = join(folder, `${name}.cfg`);
  const defaults = `
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
`;
  writeFileSync(file, `global\n  log stderr format raw local0\n${defaults}${sections}`);
  return ForeignServer.start(
    'haproxy',
    ['-W', '-f', file],
    /^\[NOTICE\].*(?:Loading success|forked)/,
  );
}

/** Ports that nobody else is given. */
async function ports(count: number): Promise<HeldPort[]> {
  return Promise.all(Array.from({ length: count }, () => HeldPort.take()));
}

afterAll(() => rmSync(folder, { recursive: true }));

describe('recipe balancer, with HAProxy in front and behind', () => {
  const started: { stop(): Promise<void> }[] = [];
  const held: HeldPort[] = [];
  const urls: string[] = [];
  let balancer: RunningSample;

  beforeAll(async () => {
    held.push(...(await ports(4)));
    const [one, two, v1, v2] = held.map(({ port }) => port);
    // Each answers with its name, and with whom it takes for the client.
    const backend = (name: string, port?: number): string => `
frontend ${name}
  bind ${HOST}:${port} accept-proxy
  http-request return status 200 content-type text/plain lf-string "${name} %ci:%cp"
`;
    started.push(await haproxy('behind', backend('one', one) + backend('two', two)));
    balancer = await startSample(
      'recipes/balancer',
      ...['--port', '0', '--check-ms', '50', '--accept-proxy', '--send-proxy'],
      ...['--to', `${HOST}:${one}`, '--to', `${HOST}:${two}`],
    );
    const front = (name: string, port: number | undefined, send: string): string => `
frontend ${name}
  bind ${HOST}:${port}
  default_backend ${name}
backend ${name}
  server balancer ${HOST}:${balancer.port} ${send}
`;
    started.push(
      await haproxy('front', front('v1', v1, 'send-proxy') + front('v2', v2, 'send-proxy-v2')),
    );
    urls.push(`http://${HOST}:${v1}/`, `http://${HOST}:${v2}/`);
    while (!/up.*\n.*up/s.test(balancer.errors())) await once(balancer.child.stderr!, 'data');
  });

  afterAll(async () => {
    for (const server of started) await server.stop();
    expect(await balancer.interrupt()).toBe(0);
    for (const port of held) await port.release();
  });

  /** What curl gets, and the port that it has asked from. */
  async function curl(url: string): Promise<{ text: string; from: string }> {
    const output = await piped('curl', ['-s', '-w', '\n%{local_ip}:%{local_port}', url]);
    const [text = '', from = ''] = output.toString().split('\n');
    return { text, from };
  }

  it.each([0, 1])('passes on to servers who has asked: %#', async (index) => {
    const names = new Set<string>();
    while (names.size < 2) {
      const { text, from } = await curl(urls[index]!);
      const [name = '', client] = text.split(' ');
      expect(client).toBe(from);
      names.add(name);
    }
    expect([...names].sort()).toEqual(['one', 'two']);
  });

  it.each([
    ['no header', 'GET / HTTP/1.1\r\n\r\n'],
    ['an address that is none', 'PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n'],
    ['an address of another family', 'PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n'],
    ['a line without an end', `PROXY TCP4 ${'1'.repeat(200)}`],
    ['an unknown version', Buffer.from('0d0a0d0a000d0a515549540a31110000', 'hex')],
    ['too few addresses', Buffer.from('0d0a0d0a000d0a515549540a21110004aaaaaaaa', 'hex')],
  ])('resets who comes with %s', async (_name, bytes) => {
    const client = connect(balancer.port, HOST);
    client.write(bytes);
    await expect(once(client, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('recipe balancer, with servers that come and go', () => {
  it('goes to those that are up, and to the next when one refuses', async () => {
    const held = await ports(2);
    const listen = async (name: string, port: number) => {
      const server = createServer((socket) => socket.end(name)).listen(port, HOST);
      await once(server, 'listening');
      return server;
    };
    const [one, two] = held.map(({ port }) => port) as [number, number];
    const first = await listen('one', one);
    const balancer = await startSample(
      'recipes/balancer',
      ...['--port', '0', '--check-ms', '20'],
      ...['--to', `${HOST}:${one}`, '--to', `${HOST}:${two}`],
    );
    const said = async (text: string): Promise<void> => {
      while (!balancer.errors().includes(text)) await once(balancer.child.stderr!, 'data');
    };
    const ask = async (): Promise<string> =>
      (await receivedBy(connect(balancer.port, HOST))).toString();

    await said(`${HOST}:${one} is up`);
    expect([await ask(), await ask()]).toEqual(['one', 'one']);
    const second = await listen('two', two);
    await said(`${HOST}:${two} is up`);
    first.close();
    await once(first, 'close');
    expect([await ask(), await ask()]).toEqual(['two', 'two']);
    second.close();
    await once(second, 'close');
    await expect(ask()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await said('Error: no server is up');
    expect(await balancer.interrupt()).toBe(0);
    for (const port of held) await port.release();
  });
});
