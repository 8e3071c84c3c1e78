import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { piped } from './support/piped';
import { startSample, type RunningSample } from './support/startSample';

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** More than the buffers on the way take; HTTP/2 has no more than 10 MB in memory. */
const LONG = 'x'.repeat(8 << 20);

describe('sample http', () => {
  let sample: RunningSample;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  beforeAll(async () => {
    sample = await startSample('http', '--port', '0');
  });

  afterAll(async () => {
    // One that is kept alive does not keep the server.
    expect(await sample.interrupt()).toBe(0);
    agent.destroy();
  });

  async function ask(method: string, body?: string): Promise<IncomingMessage> {
    const asking = request({ port: sample.port, method, path: '/path', agent });
    asking.end(body);
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    return answer;
  }

  it('answers one request after the other on a connection', async () => {
    const ports = new Set<number | undefined>();
    for (let count = 0; count < 3; count += 1) {
      const answer = await ask('GET');
      ports.add(answer.socket.localPort);
      expect(answer.headers.connection).toBe('keep-alive');
      expect(await textOf(answer)).toBe('Hello from /path\n');
    }
    expect(ports.size).toBe(1);
  });

  it('answers with what it is sent', async () => {
    expect(await textOf(await ask('POST', LONG))).toBe(LONG);
  });

  it('answers curl', async () => {
    const url = `http://127.0.0.1:${sample.port}/path`;
    expect((await piped('curl', ['-s', url, url])).toString()).toBe('Hello from /path\n'.repeat(2));
    const posted = await piped('curl', ['-s', '--data-binary', '@-', url], LONG);
    expect(posted.toString() === LONG).toBe(true);
  });

  it('answers requests that come together, in order', async () => {
    const socket = connect(sample.port, '127.0.0.1');
    socket.end(
      'GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    const text = await textOf(socket);
    expect(text.match(/Hello from .*/g)).toEqual(['Hello from /1', 'Hello from /2']);
  });
});

describe.each(['http', 'fastify'])('sample %s, interrupted', (name) => {
  it('closes at once what is idle, and answers what is under way', async () => {
    const sample = await startSample(name, '--port', '0');
    const idle = connect(sample.port, '127.0.0.1');
    idle.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(idle, 'data');
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    const socket = connect(sample.port, '127.0.0.1');
    socket.write(`${head}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n`);
    expect(String((await once(socket, 'data'))[0])).toMatch('100 Continue');
    const interrupted = sample.interrupt();
    await once(idle.resume(), 'end');
    socket.end('[]');
    expect(await textOf(socket)).toMatch('200 OK');
    expect(await interrupted).toBe(0);
  });
});

describe('sample http2', () => {
  it('answers many requests on a connection, with what it is sent', async () => {
    const sample = await startSample('http2', '--port', '0');
    const session = connectHttp2(`http://127.0.0.1:${sample.port}`);
    const hello = session.request({ ':path': '/path' });
    const echo = session.request({ ':method': 'POST' });
    echo.end(LONG);
    expect(await textOf(hello)).toBe('Hello from /path\n');
    expect(await textOf(echo)).toBe(LONG);
    expect(await sample.interrupt()).toBe(0);
  });
});

describe('sample fastify', () => {
  let sample: RunningSample;

  beforeAll(async () => {
    sample = await startSample('fastify', '--port', '0');
  });

  afterAll(async () => {
    expect(await sample.interrupt()).toBe(0);
  });

  it('answers in JSON', async () => {
    const url = `http://127.0.0.1:${sample.port}/`;
    expect(await (await fetch(url)).json()).toEqual({ hello: 'world' });
    const headers = { 'content-type': 'application/json', connection: 'close' };
    const posted = await fetch(url, { method: 'POST', headers, body: '[1,"two"]' });
    expect(await posted.json()).toEqual({ received: [1, 'two'] });
    expect((await fetch(`${url}nowhere`)).status).toBe(404);
  });

  it('sends back what a WebSocket gets', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${sample.port}/echo`);
    await once(socket, 'open');
    for (const text of ['one', LONG, 'three']) {
      socket.send(text);
      const [data] = (await once(socket, 'message')) as [Buffer];
      expect(data.toString() === text).toBe(true);
    }
    socket.close();
    await once(socket, 'close');
  });
});
