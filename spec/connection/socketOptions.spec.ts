import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filter, firstValueFrom, take } from 'rxjs';
import { EventBase, type Connection } from 'rxjs-libevent';
import { Meeting } from './support/Meeting';

/** What the system has of a descriptor of this process: SO_KEEPALIVE, TCP_KEEPIDLE, TCP_NODELAY. */
function optionsOf(fd: number): number[] {
  const script = `
import ctypes, os, socket
pidfd = os.pidfd_open(${process.pid})
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.syscall(438, pidfd, ${fd}, 0)
it = socket.socket(fileno=fd)
print(it.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
      it.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
      it.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))`;
  // Python needs nothing that is loaded into this process.
  const env = { ...process.env, LD_PRELOAD: '' };
  return execFileSync('python3', ['-c', script], { env }).toString().trim().split(' ').map(Number);
}

/** When what has been submitted before has been done. */
async function done(conn: Connection): Promise<void> {
  conn.next('x');
  while (conn.outputBytes > 0) await new Promise(setImmediate);
}

describe('Options of a socket', () => {
  it('are those of listen on what it accepts', async () => {
    const meeting = await Meeting.open({ keepAliveSeconds: 77, noDelay: false });
    const { connection } = await meeting.meet();
    expect(optionsOf(connection.socket.fd)).toEqual([1, 77, 0]);
    await meeting.close();
  });

  it('are changed while it is open, accepted or limited', async () => {
    const meeting = await Meeting.open();
    const { connection } = await meeting.meet();
    const { socket } = connection;
    expect(optionsOf(socket.fd)[0]).toBe(0);
    socket.setKeepAlive(55);
    socket.setNoDelay(false);
    await done(connection);
    expect(optionsOf(socket.fd)).toEqual([1, 55, 0]);
    socket.setRateLimit({ readBytesPerSecond: 1 << 20 });
    socket.setKeepAlive(0);
    socket.setNoDelay();
    await done(connection);
    expect(optionsOf(socket.fd)).toEqual([0, 55, 1]);
    await meeting.close();
  });

  it('that the system refuses are an event, and the connection goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'options-'));
    const base = new EventBase();
    const path = join(folder, 'socket');
    const listener = base.listen({ path, keepAliveSeconds: 5 });
    const accepted = firstValueFrom(listener);
    await firstValueFrom(listener.bound);
    const peer = connectSocket(path);
    const conn = await accepted;
    const failed = firstValueFrom(
      conn.events.pipe(
        filter(({ type }) => type === 'optionFailed'),
        take(1),
      ),
    );
    conn.socket.setNoDelay();
    expect(await failed).toMatchObject({ error: { code: 'ENOTSUP', syscall: 'setsockopt' } });
    await done(conn);
    expect(conn.closed).toBe(false);
    peer.destroy();
    await base.close();
    rmSync(folder, { recursive: true });
  });

  it('are refused out of bounds, and for a pair', async () => {
    const meeting = await Meeting.open();
    const { connection } = await meeting.meet();
    const [end] = meeting.base.pair();
    expect(() => connection.socket.setKeepAlive(32768)).toThrow(/seconds from 0 to 32767/);
    expect(() => connection.socket.setNoDelay(1 as never)).toThrow(TypeError);
    expect(() => meeting.base.listen({ keepAliveSeconds: -1 })).toThrow(RangeError);
    expect(() => end.socket.setKeepAlive(1)).toThrow(/ENOTSUP/);
    await meeting.close();
  });
});

describe('bytesRead and bytesWritten', () => {
  it('count what has been received and written, to the end', async () => {
    const meeting = await Meeting.open();
    const { connection, peer } = await meeting.meet();
    connection.next('seven b');
    connection.next(new Uint16Array(2));
    expect([connection.bytesWritten, connection.bytesRead]).toEqual([11, 0]);
    peer.end('twelve bytes');
    const [chunk] = await Promise.all([firstValueFrom(connection)]);
    connection.unread(chunk);
    expect(connection.bytesRead).toBe(12);
    connection.destroy();
    await firstValueFrom(connection.whenClosed);
    expect([connection.bytesWritten, connection.bytesRead]).toEqual([11, 12]);
    await meeting.close();
  });
});
