import { closeSync, openSync } from 'node:fs';
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { firstValueFrom } from 'rxjs';
import { EventBase } from 'rxjs-libevent';
import { runChild } from '../lifecycle/support/Child';

/** The descriptor below a socket of Node's. */
function fdOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd;
}

describe('base.adopt', () => {
  let base: EventBase;
  beforeEach(() => {
    base = new EventBase();
  });
  afterEach(() => base.close());

  async function joined(): Promise<{ socket: Socket; peer: Socket; close(): void }> {
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const peer = connectSocket((server.address() as AddressInfo).port, '127.0.0.1');
    const [[socket]] = await Promise.all([accepted, once(peer, 'connect')]);
    return { socket, peer, close: () => server.close() };
  }

  it('makes a connection of a socket that somebody else has opened', async () => {
    const { socket, peer, close } = await joined();
    const conn = base.adopt(fdOf(socket), { encoding: 'latin1' });
    expect(conn.remoteAddress).toEqual({
      family: 'IPv4',
      address: '127.0.0.1',
      port: peer.localPort,
    });
    expect(conn.localAddress.port).toBe(socket.localPort);
    peer.write('to the base');
    expect(String(await firstValueFrom(conn))).toBe('to the base');
    conn.next('é');
    const [answer] = (await once(peer, 'data')) as [Buffer];
    expect([...answer]).toEqual([0xe9]);
    // The caller's descriptor is the caller's to close, and the peer sees the end after both.
    socket.destroy();
    await once(socket, 'close');
    conn.next('still open');
    expect(String((await once(peer, 'data'))[0])).toBe('still open');
    const ended = once(peer, 'end');
    conn.destroy();
    await ended;
    peer.destroy();
    close();
  });

  it('refuses what is no connected stream socket, by name', async () => {
    const file = openSync('/dev/null', 'r');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const listening = (server as unknown as { _handle: { fd: number } })._handle.fd;
    const clear = /must be a stream socket that is connected/;
    for (const [fd, code] of [
      [file, 'ENOTSOCK'],
      [listening, 'ENOTCONN'],
      [1 << 20, 'EBADF'],
    ] as const) {
      expect(() => base.adopt(fd)).toThrow(clear);
      expect(() => base.adopt(fd)).toThrow(code);
    }
    expect(() => base.adopt(-1)).toThrow(RangeError);
    closeSync(file);
    server.close();
  });

  it('refuses on a base that is closed', async () => {
    const { socket, peer, close } = await joined();
    await base.close();
    expect(() => base.adopt(fdOf(socket))).toThrow(/ERR_BASE_CLOSED/);
    socket.destroy();
    peer.destroy();
    close();
  });
});

describe('ref and unref', () => {
  const child = (body: string): Promise<unknown> =>
    runChild(`
      const { firstValueFrom } = require('rxjs');
      const { EventBase } = require('rxjs-libevent');
      const base = new EventBase();
      const main = async () => { ${body} };
      main();`);
  const clean = { code: 0, signal: null, stderr: '', stdout: 'exits\n' };
  const exits = `process.on('exit', () => console.log('exits'));`;

  it('let a process end though a connection, a listener and a timer are open', async () => {
    const ended = await child(`
      const listener = base.listen({ host: '127.0.0.1' });
      const accepted = firstValueFrom(listener);
      const keep = listener.subscribe();
      const { port } = await firstValueFrom(listener.bound);
      const conn = await base.open({ port, host: '127.0.0.1' });
      (await accepted).unref();
      listener.unref();
      conn.subscribe();
      conn.unref();
      base.timer(1e9, 1e9, { ref: false }).subscribe();
      ${exits}`);
    expect(ended).toMatchObject(clean);
  });

  it.each([
    ['a connection', 'const [a] = base.pair(); const one = a.unref();'],
    ['a listener', `const one = base.listen({ host: '127.0.0.1' }).unref(); one.subscribe();`],
  ])('%s keeps the process alive again after ref', async (_, make) => {
    const ended = await child(`
      ${make}
      one.ref();
      // What would end the process is the end of the base, which comes later than an idle loop.
      setTimeout(() => { console.log('alive'); base.close(); }, 50).unref();
      base.timer(100).subscribe();`);
    expect(ended).toMatchObject({ code: 0, stdout: 'alive\n' });
  });
});
