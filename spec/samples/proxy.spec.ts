import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { startSample, type RunningSample } from './support/startSample';

describe('sample proxy', () => {
  let target: Server;
  let proxy: RunningSample;
  let serve: (socket: Socket) => void = () => {};

  beforeAll(async () => {
    target = createServer({ allowHalfOpen: true }, (socket) => {
      serve(socket);
    }).listen(0, '127.0.0.1');
    await once(target, 'listening');
    const { port } = target.address() as AddressInfo;
    proxy = await startSample('proxy', '--port', '0', '--to', `127.0.0.1:${port}`);
  });

  afterAll(async () => {
    target.close();
    expect(await proxy.interrupt()).toBe(0);
  });

  function client(): Socket {
    return connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  }

  it('relays both ways, byte for byte', async () => {
    serve = (socket) => socket.pipe(socket);
    const sent = randomBytes(8 << 20);
    const hash = createHash('sha256');
    const socket = client();
    socket.on('data', (data) => hash.update(data));
    socket.end(sent);
    await once(socket, 'end');
    expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
  });

  it('passes a half-close on, in either direction', async () => {
    const served = new Promise<string>((resolve) => {
      serve = (socket) => {
        socket.end('question?');
        socket.on('data', (data) => {
          resolve(String(data));
        });
      };
    });
    const socket = client().resume();
    await once(socket, 'end');
    socket.end('answer!');
    await expect(served).resolves.toBe('answer!');

    serve = (other) => {
      other.resume().on('end', () => other.end('after your end'));
    };
    const asker = client();
    asker.end();
    const [data] = (await once(asker, 'data')) as [Buffer];
    expect(String(data)).toBe('after your end');
  });

  it('passes a reset on, from the target', async () => {
    serve = (socket) => socket.resetAndDestroy();
    const [error] = (await once(client(), 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });

  it('passes a reset on, from the client', async () => {
    const failed = new Promise<NodeJS.ErrnoException>((resolve) => {
      serve = (socket) => {
        socket.write('x');
        socket.on('error', resolve);
      };
    });
    const socket = client();
    await once(socket, 'data');
    socket.resetAndDestroy();
    expect((await failed).code).toBe('ECONNRESET');
  });

  it('resets a client whose target refuses', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    const other = await startSample('proxy', '--port', '0', '--to', `127.0.0.1:${port}`);
    const [error] = (await once(connect(other.port, '127.0.0.1'), 'error')) as [
      NodeJS.ErrnoException,
    ];
    expect(error.code).toBe('ECONNRESET');
    expect(await other.interrupt()).toBe(0);
    expect(other.errors()).toContain('ECONNREFUSED');
  });

  it('holds a sender whose reader has stopped, and loses nothing', async () => {
    let reader: Socket | undefined;
    const accepted = new Promise<void>((resolve) => {
      serve = (socket) => {
        reader = socket.pause();
        resolve();
      };
    });
    const socket = client();
    await accepted;
    // Far more than the buffers of four sockets and the marks can take.
    const sent = randomBytes(64 << 20);
    expect(socket.write(sent)).toBe(false);
    socket.end();
    const hash = createHash('sha256');
    reader!.on('data', (data) => hash.update(data));
    reader!.resume();
    await once(reader!, 'end');
    reader!.end();
    expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
  });
});
