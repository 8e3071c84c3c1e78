import { once } from 'node:events';
import {
  Agent,
  createServer as createHttp,
  request,
  type IncomingMessage,
  type RequestListener,
} from 'node:http';
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { createServer as createTls, connect as connectTls, type TLSSocket } from 'node:tls';
import { firstValueFrom, type Subscription } from 'rxjs';
import { EventBase, type Connection } from 'rxjs-libevent';
import { toDuplex, type ConnectionDuplex } from 'rxjs-libevent/streams';
import { Agent as Undici, fetch as undiciFetch } from 'undici';
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws';

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** What is on both sides of a protocol: everything runs over connections of this library. */
describe('protocols over toDuplex', () => {
  let base: EventBase;
  let listening: Subscription;
  let accepted: Connection[];
  let address: { port: number };

  async function serveBy(server: {
    emit: (event: 'connection', stream: ConnectionDuplex) => boolean;
  }): Promise<void> {
    const listener = base.listen({ host: '127.0.0.1' });
    const bound = firstValueFrom(listener.bound);
    listening = listener.subscribe((conn) => {
      accepted.push(conn);
      server.emit('connection', toDuplex(conn, { allowHalfOpen: true }));
    });
    address = { port: (await bound).port };
  }

  async function dial(): Promise<ConnectionDuplex> {
    return toDuplex(await base.open({ host: '127.0.0.1', ...address }));
  }

  beforeEach(() => {
    base = new EventBase();
    accepted = [];
  });

  afterEach(async () => {
    listening.unsubscribe();
    await base.close();
  });

  describe('http', () => {
    async function ask(options: object, body?: string): Promise<IncomingMessage> {
      const asking = request({ host: '127.0.0.1', ...address, ...options });
      asking.end(body);
      return ((await once(asking, 'response')) as [IncomingMessage])[0];
    }

    const echo: RequestListener = (asked, answer) => {
      answer.setHeader('from', String(asked.socket.remoteAddress));
      answer.flushHeaders();
      asked.pipe(answer);
    };

    it('keeps one connection alive for many requests, on both sides', async () => {
      await serveBy(createHttp(echo));
      class LibeventAgent extends Agent {
        override createConnection(
          ...[, done]: Parameters<Agent['createConnection']>
        ): ReturnType<Agent['createConnection']> {
          dial().then(
            (duplex) => done?.(null, duplex),
            (error: unknown) => done?.(error as Error, undefined as never),
          );
          return undefined;
        }
      }
      const agent = new LibeventAgent({ keepAlive: true, maxSockets: 1 });
      for (const body of ['one', 'two', 'three']) {
        const answer = await ask({ agent, method: 'POST' }, body);
        expect(answer.headers.from).toBe('127.0.0.1');
        expect(await textOf(answer)).toBe(body);
      }
      expect(accepted).toHaveLength(1);
      agent.destroy();
      await firstValueFrom(accepted[0]!.whenClosed);
    });

    it('sends chunks both ways, as they come', async () => {
      await serveBy(createHttp(echo));
      const client = await dial();
      const asking = request({ method: 'POST', createConnection: () => client });
      asking.flushHeaders();
      const [answer] = (await once(asking, 'response')) as [IncomingMessage];
      for (const piece of ['first', 'second']) {
        asking.write(piece);
        expect(String((await once(answer, 'data'))[0])).toBe(piece);
      }
      asking.end();
      expect(answer.headers['transfer-encoding']).toBe('chunked');
      await once(answer, 'end');
    });

    it('answers a bad request, and closes', async () => {
      await serveBy(createHttp(echo));
      const socket = connect(address.port, '127.0.0.1');
      socket.write('NONSENSE\r\n\r\n');
      expect(await textOf(socket)).toMatch(/^HTTP\/1.1 400 Bad Request/);
      await firstValueFrom(accepted[0]!.whenClosed);
    });

    it('notifies a handler that its client has gone', async () => {
      const server = createHttp();
      await serveBy(server);
      const asked = once(server, 'request');
      const socket = connect(address.port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      const [, answer] = (await asked) as Parameters<RequestListener>;
      const gone = once(answer, 'close');
      socket.resetAndDestroy();
      await gone;
      expect(answer.destroyed).toBe(true);
    });

    it('closes a connection that is idle for longer than the server keeps it', async () => {
      const server = createHttp((_asked, answer) => answer.end('hello'));
      server.keepAliveTimeout = 1;
      await serveBy(server);
      const socket = connect(address.port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(await textOf(socket)).toContain('hello');
      await firstValueFrom(accepted[0]!.whenClosed);
    });

    it('stops reading an upload that its handler does not read', async () => {
      const server = createHttp();
      await serveBy(server);
      const asked = once(server, 'request');
      const asking = request({ host: '127.0.0.1', ...address, method: 'POST' });
      const whole = Buffer.alloc(32 << 20);
      asking.end(whole);
      const [upload, answer] = (await asked) as Parameters<RequestListener>;
      const [conn] = accepted as [Connection];
      while (!conn.held) await new Promise(setImmediate);
      expect(conn.bytesRead).toBeLessThan(1 << 20);
      let length = 0;
      for await (const chunk of upload) length += (chunk as Buffer).length;
      expect(length).toBe(whole.length);
      const answered = once(asking, 'response') as Promise<[IncomingMessage]>;
      answer.end();
      (await answered)[0].resume();
    });

    it('serves undici, and is its connection', async () => {
      await serveBy(createHttp(echo));
      const dispatcher = new Undici({
        connections: 1,
        connect: (_options, done) => {
          dial().then(
            (duplex) => done(null, duplex as unknown as Socket),
            (error: unknown) => done(error as Error, null),
          );
        },
      });
      for (const body of ['one', 'two']) {
        const answer = await undiciFetch('http://x/', { method: 'POST', body, dispatcher });
        expect(await answer.text()).toBe(body);
      }
      expect(accepted).toHaveLength(1);
      await dispatcher.close();
      await firstValueFrom(accepted[0]!.whenClosed);
    });
  });

  describe('http2', () => {
    it('runs many requests on one connection, on both sides', async () => {
      await serveBy(
        createHttp2().on('stream', (stream) => {
          stream.respond({ ':status': 200 });
          stream.pipe(stream);
        }),
      );
      const client = await dial();
      const session = connectHttp2('http://x', { createConnection: () => client });
      const bodies = ['one', 'x'.repeat(1 << 20), 'three'];
      const texts = bodies.map((body) => {
        const asking = session.request({ ':method': 'POST' });
        asking.end(body);
        return textOf(asking);
      });
      expect((await Promise.all(texts)).map((text) => text.length)).toEqual([3, 1 << 20, 5]);
      expect(accepted).toHaveLength(1);
      session.close();
      await firstValueFrom(accepted[0]!.whenClosed);
    });
  });

  describe('tls', () => {
    // A shared key needs no certificate.
    const key = { psk: Buffer.from('0123456789abcdef', 'hex'), identity: 'us' };
    const shared = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;

    it('runs on both sides, and ends in order', async () => {
      const server = createTls({ ...shared, pskCallback: () => key.psk }, (socket: TLSSocket) => {
        socket.pipe(socket);
      });
      await serveBy(server);
      const socket = connectTls({
        ...shared,
        socket: await dial(),
        pskCallback: () => key,
        checkServerIdentity: () => undefined,
      });
      const text = 'secret '.repeat(100_000);
      socket.end(text);
      expect((await textOf(socket)) === text).toBe(true);
      await firstValueFrom(accepted[0]!.whenClosed);
    });

    it('notifies both sides of a handshake that fails', async () => {
      const server = createTls({ ...shared, pskCallback: () => key.psk });
      const failed = once(server, 'tlsClientError');
      await serveBy(server);
      const socket = connectTls({
        ...shared,
        socket: await dial(),
        pskCallback: () => ({ ...key, psk: Buffer.alloc(8) }),
        checkServerIdentity: () => undefined,
      });
      await once(socket, 'error');
      await failed;
      await firstValueFrom(accepted[0]!.whenClosed);
    });
  });

  describe('ws', () => {
    const MESSAGE_BYTES = 65_000;
    const MESSAGES = 400;

    async function echo(): Promise<void> {
      const server = createHttp();
      const sockets = new WebSocketServer({ server, perMessageDeflate: false });
      sockets.on('connection', (socket) => {
        const stream = createWebSocketStream(socket);
        stream.on('error', () => {}).pipe(stream);
      });
      await serveBy(server);
    }

    it('sends back what it gets, on both sides', async () => {
      await echo();
      const client = await dial();
      const socket = new WebSocket('ws://x/', { createConnection: () => client });
      await once(socket, 'open');
      socket.send('hello');
      expect(String((await once(socket, 'message'))[0])).toBe('hello');
      socket.close(1000, 'done');
      expect((await once(socket, 'close'))[0]).toBe(1000);
      await firstValueFrom(accepted[0]!.whenClosed);
    });

    it('is bounded while the peer does not read, and loses nothing', async () => {
      await echo();
      const socket = new WebSocket(`ws://127.0.0.1:${address.port}/`);
      await once(socket, 'open');
      const [conn] = accepted as [Connection];
      socket.pause();
      const message = Buffer.alloc(MESSAGE_BYTES);
      for (let count = 0; count < MESSAGES; count += 1) socket.send(message);
      // The answers fill the way back, then the questions the way there.
      while (!(conn.saturated && conn.held)) await new Promise(setImmediate);
      const waiting = conn.bytesRead - (conn.bytesWritten - conn.outputBytes);
      expect(waiting).toBeLessThan(2 << 20);
      expect(conn.outputBytes).toBeLessThanOrEqual(4 * 65536);
      let received = 0;
      await new Promise<void>((resolve) => {
        socket.on('message', (data: Buffer) => {
          received += data.length;
          if (received === MESSAGES * MESSAGE_BYTES) resolve();
        });
        socket.resume();
      });
      socket.close();
      await once(socket, 'close');
    });
  });
});
