import { once } from 'node:events';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { CompressionStream } from 'node:stream/web';
import { gunzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { firstValueFrom } from 'rxjs';
import type { Connection } from 'rxjs-libevent';
import { toWebStreams } from 'rxjs-libevent/streams';
import { Loopback } from '../flow-on-sockets/support/Loopback';
import { passesMeanwhile } from '../flow-on-sockets/support/passesMeanwhile';

describe('toWebStreams', () => {
  let loopback: Loopback;
  let conn: Connection;
  let peer: Socket;

  beforeEach(async () => {
    loopback = await Loopback.open();
    ({ conn, peer } = await loopback.pair());
  });

  afterEach(() => loopback.close());

  it('refuses what is no connection, and unknown options', () => {
    expect(() => toWebStreams(new PassThrough() as never)).toThrow(TypeError);
    expect(() => toWebStreams(conn, { highWaterMark: 1 } as never)).toThrow('unknown option');
    expect(() => toWebStreams(conn, { readableHighWaterMark: -1 })).toThrow(RangeError);
  });

  describe('readable', () => {
    it('gives the bytes of the peer, and closes with its FIN', async () => {
      peer.end('Hello, World!');
      expect(String(await buffer(toWebStreams(conn).readable))).toBe('Hello, World!');
    });

    it('gives plain Uint8Arrays whose memory is their own', async () => {
      const { readable } = toWebStreams(conn);
      peer.end('abc');
      const { value } = await readable.getReader().read();
      expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype);
      expect(value!.buffer.byteLength).toBe(3);
    });

    it('fills the views of a BYOB reader, and gives the last one back', async () => {
      const { readable } = toWebStreams(conn, { readableHighWaterMark: 0 });
      const reader = readable.getReader({ mode: 'byob' });
      const first = reader.read(new Uint8Array(3));
      peer.write('abcdefg');
      let text = Buffer.from((await first).value!).toString();
      expect(text).toBe('abc');
      peer.end('hi');
      for (;;) {
        const { done, value } = await reader.read(new Uint8Array(4));
        text += Buffer.from(value!).toString();
        if (!done) continue;
        expect(value!.byteLength).toBe(0);
        break;
      }
      expect(text).toBe('abcdefghi');
    });

    it('fills views of larger elements', async () => {
      const reader = toWebStreams(conn).readable.getReader({ mode: 'byob' });
      const read = reader.read(new Uint16Array(4));
      peer.write('a');
      await passesMeanwhile(loopback.base);
      peer.end('bcd');
      const { value } = await read;
      const rest = await reader.read(new Uint16Array(4));
      const bytes = [value!, rest.value!].map((it) =>
        Buffer.from(it.buffer, it.byteOffset, it.byteLength).toString(),
      );
      expect(bytes.join('')).toBe('abcd');
    });

    it('holds the connection while it is full', async () => {
      const { readable } = toWebStreams(conn, { readableHighWaterMark: 4 });
      peer.write('more than four bytes');
      while (!conn.held) await passesMeanwhile(loopback.base, 1);
      expect(conn.heldBy).toEqual(['toWebStreams']);
      const reader = readable.getReader();
      await reader.read();
      expect(conn.held).toBe(false);
    });

    it('T6: gives what came before an error, then the error', async () => {
      const { readable } = toWebStreams(conn);
      peer.write('before');
      while (conn.bytesRead === 0) await passesMeanwhile(loopback.base, 1);
      peer.resetAndDestroy();
      await firstValueFrom(conn.whenClosed);
      const reader = readable.getReader();
      expect(Buffer.from((await reader.read()).value!).toString()).toBe('before');
      await expect(reader.read()).rejects.toMatchObject({ code: 'ECONNRESET' });
    });

    it('fails with an error that comes while a reader waits', async () => {
      const { readable, writable } = toWebStreams(conn);
      writable.getWriter().closed.catch(() => {});
      const read = readable.getReader().read();
      peer.resetAndDestroy();
      await expect(read).rejects.toMatchObject({ code: 'ECONNRESET' });
    });

    it('does not take a connection that somebody destroys for one that has ended', async () => {
      const { readable, writable } = toWebStreams(conn);
      writable.getWriter().closed.catch(() => {});
      const read = readable.getReader().read();
      conn.destroy();
      await expect(read).rejects.toMatchObject({ code: 'ECONNABORTED' });
    });

    it('stops reading when it is cancelled, and closes when the writable has ended', async () => {
      const { readable, writable } = toWebStreams(conn);
      const writer = writable.getWriter();
      await readable.cancel();
      await writer.write('answer');
      await writer.close();
      expect(String(await buffer(peer))).toBe('answer');
      peer.end();
      await firstValueFrom(conn.whenClosed);
    });

    it('may be cancelled after the writable has ended', async () => {
      const { readable, writable } = toWebStreams(conn);
      await writable.close();
      await readable.cancel('enough');
      await once(peer.resume(), 'end');
      peer.end();
      await firstValueFrom(conn.whenClosed);
    });
  });

  describe('writable', () => {
    it('sends bytes and text, then FIN when it is closed', async () => {
      const { writable } = toWebStreams(conn);
      const writer = writable.getWriter();
      void writer.write(Buffer.from('a'));
      void writer.write(new Uint16Array([0x6362]));
      void writer.write('d');
      await writer.close();
      expect(String(await buffer(peer))).toBe('abcd');
    });

    it('T1: is closed when everything has been sent', async () => {
      const writer = toWebStreams(conn).writable.getWriter();
      void writer.write(Buffer.alloc(8 << 20));
      const closed = writer.close().then(() => conn.outputBytes);
      await buffer(peer);
      expect(await closed).toBe(0);
    });

    it('is not ready while the connection is saturated', async () => {
      const writer = toWebStreams(conn).writable.getWriter();
      let written = false;
      const write = writer.write(Buffer.alloc(12 << 20)).then(() => (written = true));
      while (!conn.saturated) await passesMeanwhile(loopback.base, 1);
      expect([written, conn.outputBytes <= 2 * 65536]).toEqual([false, true]);
      peer.resume();
      await write;
    });

    it('T2: sends RST when it is aborted', async () => {
      const { writable } = toWebStreams(conn);
      const reset = once(peer.resume(), 'error');
      await writable.abort(new Error('enough'));
      expect((await reset)[0]).toMatchObject({ code: 'ECONNRESET' });
      expect(conn.failure).toMatchObject({ message: 'enough' });
    });

    it('refuses a value that is neither bytes nor text, with RST', async () => {
      const writer = toWebStreams(conn).writable.getWriter();
      writer.closed.catch(() => {});
      const reset = once(peer.resume(), 'error');
      await expect(writer.write({} as never)).rejects.toThrow(TypeError);
      expect((await reset)[0]).toMatchObject({ code: 'ECONNRESET' });
    });

    it('fails when the connection is gone', async () => {
      const writer = toWebStreams(conn).writable.getWriter();
      const closed = writer.closed;
      conn.destroy();
      await expect(closed).rejects.toMatchObject({ code: 'ERR_NOT_WRITABLE' });
    });

    it('fails a write that is under way when the peer resets', async () => {
      const writer = toWebStreams(conn).writable.getWriter();
      writer.closed.catch(() => {});
      const write = writer.write(Buffer.alloc(12 << 20));
      await once(peer, 'readable');
      peer.resetAndDestroy();
      await expect(write).rejects.toHaveProperty('code', expect.stringMatching(/EPIPE|ECONNRESET/));
    });

    it('T4: stays open when the peer has ended', async () => {
      const { readable, writable } = toWebStreams(conn);
      peer.end();
      await buffer(readable);
      const writer = writable.getWriter();
      await writer.write('late answer');
      await writer.close();
      expect(String(await buffer(peer))).toBe('late answer');
      await firstValueFrom(conn.whenClosed);
    });
  });

  it('is piped through a Web transform, back to the peer', async () => {
    const { readable, writable } = toWebStreams(conn);
    const done = readable.pipeThrough(new CompressionStream('gzip')).pipeTo(writable);
    peer.end('Hello, World! '.repeat(1000));
    expect(String(gunzipSync(await buffer(peer)))).toBe('Hello, World! '.repeat(1000));
    await done;
  });

  it('passes both ways through tee and two pipes', async () => {
    const { readable, writable } = toWebStreams(conn);
    const [one, two] = readable.tee();
    const copy = buffer(one);
    const done = two.pipeTo(writable);
    const text = 'x'.repeat(1 << 20);
    peer.end(text);
    expect(String(await buffer(peer))).toBe(text);
    expect(String(await copy)).toBe(text);
    await done;
  });
});
