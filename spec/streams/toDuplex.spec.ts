import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { finished as whenFinished, PassThrough, Readable, Transform } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { firstValueFrom } from 'rxjs';
import { EventBase, type Connection } from 'rxjs-libevent';
import { toDuplex, type ConnectionDuplex, type ToDuplexConfig } from 'rxjs-libevent/streams';
import { Loopback } from '../flow-on-sockets/support/Loopback';
import { passesMeanwhile } from '../flow-on-sockets/support/passesMeanwhile';

describe('toDuplex', () => {
  let loopback: Loopback;

  beforeEach(async () => {
    loopback = await Loopback.open();
  });

  afterEach(() => loopback.close());

  async function open(config?: ToDuplexConfig): Promise<{
    conn: Connection;
    peer: Socket;
    duplex: ConnectionDuplex;
  }> {
    const { conn, peer } = await loopback.pair();
    return { conn, peer, duplex: toDuplex(conn, config) };
  }

  async function closed(duplex: ConnectionDuplex): Promise<void> {
    if (!duplex.closed) await once(duplex, 'close');
  }

  describe('arguments', () => {
    it('refuses what is no connection', () => {
      expect(() => toDuplex(new PassThrough() as never)).toThrow(TypeError);
      expect(() => toDuplex(undefined as never)).toThrow('connection must be a Connection');
    });

    it('refuses an unknown option, and marks out of bounds', async () => {
      const { conn } = await loopback.pair();
      expect(() => toDuplex(conn, { highWaterMark: 1 } as never)).toThrow('unknown option');
      expect(() => toDuplex(conn, { readableHighWaterMark: -1 })).toThrow(RangeError);
      expect(() => toDuplex(conn, { writableHighWaterMark: 0.5 })).toThrow('bytes');
    });
  });

  describe('bytes', () => {
    it('passes both ways', async () => {
      const { peer, duplex } = await open();
      peer.end('from the peer');
      expect(await text(duplex)).toBe('from the peer');
    });

    it('writes text in its encoding, and any bytes', async () => {
      const { peer, duplex } = await open();
      duplex.cork();
      duplex.write('h\xe9', 'latin1');
      duplex.write('616263', 'hex');
      duplex.write('\u00e9');
      duplex.write(Buffer.from('de'));
      duplex.write(new Uint8Array([102]));
      duplex.uncork();
      duplex.end('Zw==', 'base64');
      peer.setEncoding('latin1');
      expect(await text(peer)).toBe('h\xe9abc\xc3\xa9defg');
    });

    it('refuses a value that is neither bytes nor text', async () => {
      const { duplex } = await open();
      expect(() => duplex.write({})).toThrow(/must be of type string/);
      expect(() => duplex.write('x', 'utf9' as never)).toThrow('Unknown encoding: utf9');
    });

    it('writes one piece that is larger than maxOutputBytes', async () => {
      const { conn, peer } = await openWith({ maxOutputBytes: 100_000, write: { high: 50_000 } });
      const bytes = Buffer.alloc(5_000_000, 'piece');
      let most = 0;
      const duplex = toDuplex(conn);
      const sink = new Transform({
        transform: (chunk, _encoding, done) => {
          most = Math.max(most, conn.outputBytes);
          done(null, chunk);
        },
      });
      duplex.end(bytes);
      const received = await Readable.from(peer.pipe(sink)).toArray();
      expect(Buffer.concat(received as Buffer[]).equals(bytes)).toBe(true);
      expect(most).toBeLessThanOrEqual(100_000);
    });

    it('writes where a mark leaves no room but what is empty', async () => {
      const { conn, peer } = await openWith({ maxOutputBytes: 10, write: { high: 10, low: 0 } });
      toDuplex(conn).end('more than ten bytes, piece by piece');
      expect(await text(peer)).toBe('more than ten bytes, piece by piece');
    });

    it('writes behind a file that is being sent', async () => {
      const { conn, peer, duplex } = await open();
      conn.sendFile(join(__dirname, '../../package.json')).subscribe();
      duplex.end('behind it');
      const answer = await text(peer);
      expect(answer.startsWith('{\n  "name": "rxjs-libevent"')).toBe(true);
      expect(answer.endsWith('}\nbehind it')).toBe(true);
    });

    async function openWith(config: object): Promise<{ conn: Connection; peer: Socket }> {
      await loopback.close();
      loopback = await Loopback.open(config);
      return loopback.pair();
    }
  });

  describe('ends', () => {
    it("T6: 'end' comes after the last byte, 'finish' when all is sent, 'close' when it is gone", async () => {
      const { conn, peer, duplex } = await open();
      const seen: string[] = [];
      for (const event of ['end', 'finish', 'close']) {
        duplex.on(event, () => seen.push(conn.closed ? `${event}, gone` : event));
      }
      duplex.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
      peer.end('bye');
      await closed(duplex);
      expect(seen).toEqual(['bye', 'end', 'finish', 'close, gone']);
    });

    it('T1: finishes only when everything has been sent', async () => {
      const { conn, peer, duplex } = await open();
      const bytes = Buffer.alloc(8 << 20);
      const sent = once(duplex, 'finish').then(() => conn.bytesWritten - conn.outputBytes);
      duplex.end(bytes);
      let length = 0;
      for await (const chunk of peer) length += (chunk as Buffer).length;
      expect(length).toBe(bytes.length);
      expect(await sent).toBe(bytes.length);
    });

    it('T4: without allowHalfOpen it ends when the peer has, behind what has been written', async () => {
      const { peer, duplex } = await open();
      duplex.on('data', () => duplex.write('answer'));
      peer.end('question');
      expect(await text(peer)).toBe('answer');
      expect(duplex.allowHalfOpen).toBe(false);
    });

    it('T4: with allowHalfOpen it answers when the peer has ended', async () => {
      const { peer, duplex } = await open({ allowHalfOpen: true });
      duplex.resume().on('end', () => {
        setImmediate(() => duplex.end('late answer'));
      });
      peer.end('question');
      expect(await text(peer)).toBe('late answer');
      await finished(duplex);
    });

    it("takes allowHalfOpen from the connection where it isn't said", async () => {
      await loopback.close();
      loopback = await Loopback.open({ allowHalfOpen: true });
      const { duplex } = await open();
      expect(duplex.allowHalfOpen).toBe(true);
    });

    it('reads an end that came before it was made', async () => {
      const { conn, peer } = await loopback.pair();
      peer.end('early');
      await passesMeanwhile(loopback.base);
      expect(await text(toDuplex(conn))).toBe('early');
    });

    it('fails for a write when somebody else has ended the output', async () => {
      const { conn, duplex } = await open();
      conn.complete();
      const error = once(duplex, 'error');
      duplex.write('too late');
      expect((await error)[0]).toMatchObject({ code: 'ERR_NOT_WRITABLE' });
    });

    it('closes with a connection whose ends were both reached by others', async () => {
      const { conn, peer, duplex } = await open();
      const closed = once(duplex.resume(), 'close');
      conn.complete();
      peer.end();
      await closed;
      expect(duplex.errored).toBeNull();
    });
  });

  describe('errors', () => {
    it('fails with what the connection fails with, after the bytes before it', async () => {
      const { peer, duplex } = await open();
      peer.write('before', () => {
        duplex.once('readable', () => peer.resetAndDestroy());
      });
      const read = text(duplex);
      await expect(read).rejects.toMatchObject({ code: 'ECONNRESET' });
    });

    it('T6: gives what a paused reader has not had before the error', async () => {
      const { conn, peer, duplex } = await open();
      duplex.pause();
      peer.write('before');
      await once(duplex, 'readable');
      duplex.removeAllListeners('readable');
      peer.resetAndDestroy();
      await firstValueFrom(conn.whenClosed);
      expect(duplex.destroyed).toBe(false);
      let text = '';
      const failed = once(duplex, 'error');
      duplex.on('data', (chunk: Buffer) => (text += chunk.toString())).resume();
      expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
      expect(text).toBe('before');
    });

    it('notifies a writer whose peer has reset', async () => {
      const { peer, duplex } = await open();
      peer.resetAndDestroy();
      const failed = once(duplex, 'error');
      duplex.write(Buffer.alloc(4 << 20));
      expect((await failed)[0]).toHaveProperty('code', expect.stringMatching(/EPIPE|ECONNRESET/));
      await closed(duplex);
    });

    it('T1: fails when output that it had written is lost', async () => {
      const { conn, peer, duplex } = await open();
      const ended = finished(duplex.end(Buffer.alloc(12 << 20)));
      await once(peer, 'readable');
      conn.destroy();
      await expect(ended).rejects.toHaveProperty(
        'code',
        expect.stringMatching(/ECANCELED|ERR_NOT_WRITABLE|ERR_STREAM_PREMATURE_CLOSE/),
      );
    });

    it('does not take a connection that somebody destroys for one that has ended', async () => {
      const { conn, duplex } = await open();
      duplex.resume();
      const ended = finished(duplex);
      conn.destroy();
      await expect(ended).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
      expect(duplex.readableEnded).toBe(false);
    });

    it('fails with a base that is closed', async () => {
      const { duplex } = await open();
      duplex.resume();
      const ended = finished(duplex);
      await loopback.base.close();
      await expect(ended).rejects.toHaveProperty('code', expect.stringMatching(/^ERR_/));
    });

    it('fails with a timeout of the connection', async () => {
      await loopback.close();
      loopback = await Loopback.open({ readTimeoutMs: 1 });
      const { duplex } = await open();
      await expect(text(duplex)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    });
  });

  describe('destroy', () => {
    /** How the peer hears of the end. */
    async function heard(peer: Socket): Promise<string> {
      return new Promise((resolve) => {
        peer.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
        peer.on('end', () => resolve('FIN'));
        peer.resume();
      });
    }

    it('sends FIN where everything has been sent', async () => {
      const { peer, duplex } = await open();
      const end = heard(peer);
      duplex.write('all', () => duplex.destroy());
      expect(await end).toBe('FIN');
      await closed(duplex);
    });

    it('T2: sends RST where output waits', async () => {
      const { peer, duplex } = await open();
      duplex.write(Buffer.alloc(12 << 20));
      await once(peer, 'readable');
      duplex.destroy();
      expect(await heard(peer)).toBe('ECONNRESET');
    });

    it('T2: sends RST for an error where output waits', async () => {
      const { conn, peer, duplex } = await open();
      const error = new Error('the file has ended early');
      duplex.on('error', () => {});
      duplex.write(Buffer.alloc(12 << 20));
      await once(peer, 'readable');
      duplex.destroy(error);
      expect(await heard(peer)).toBe('ECONNRESET');
      expect(conn.failure).toBe(error);
    });

    it('sends what was written before an error, then FIN, as net does', async () => {
      const { conn, peer, duplex } = await open();
      const error = new Error('a bad request');
      const failed = once(duplex, 'error');
      duplex.write('HTTP/1.1 400 Bad Request\r\n\r\n');
      duplex.destroy(error);
      expect(await text(peer)).toBe('HTTP/1.1 400 Bad Request\r\n\r\n');
      expect((await failed)[0]).toBe(error);
      expect(conn.failure).toBe(error);
    });

    it('T2: sends RST for an error where the stream itself has kept something back', async () => {
      const { peer, duplex } = await open();
      duplex.on('error', () => {});
      const end = heard(peer);
      duplex.cork();
      duplex.write('never sent');
      duplex.destroy(new Error('first'));
      expect(await end).toBe('ECONNRESET');
    });

    it('destroySoon sends what waits, then FIN', async () => {
      const { peer, duplex } = await open();
      duplex.write(Buffer.alloc(6 << 20, 'x'));
      duplex.destroySoon();
      let length = 0;
      for await (const chunk of peer) length += (chunk as Buffer).length;
      expect(length).toBe(6 << 20);
      peer.end();
      await closed(duplex);
    });

    it('destroySoon cuts no answer off, though the peer still sends', async () => {
      const { peer, duplex } = await open();
      peer.write(Buffer.alloc(1 << 20));
      peer.write('more');
      duplex.end('answer');
      duplex.destroySoon();
      expect(await text(peer)).toBe('answer');
      peer.end();
      await closed(duplex);
    });

    it('resetAndDestroy sends RST', async () => {
      const { peer, duplex } = await open();
      const end = heard(peer);
      duplex.resetAndDestroy();
      expect(await end).toBe('ECONNRESET');
      await closed(duplex);
    });

    it('closes once, whatever is called', async () => {
      const { conn, duplex } = await open();
      let closed = 0;
      duplex.on('close', () => (closed += 1));
      duplex.destroy();
      duplex.destroy(new Error('later'));
      duplex.resetAndDestroy();
      duplex.destroySoon();
      await firstValueFrom(conn.whenClosed);
      await passesMeanwhile(loopback.base);
      expect(closed).toBe(1);
      expect(duplex.write('x')).toBe(false);
    });

    it('of a connection that is gone is closed at once', async () => {
      const { conn } = await loopback.pair();
      conn.destroy();
      await firstValueFrom(conn.whenClosed);
      const duplex = toDuplex(conn);
      await closed(duplex);
      expect(duplex.destroyed).toBe(true);
    });

    it('F9: lets the connection go on for nobody: no hold is left', async () => {
      const { conn, peer, duplex } = await open({ readableHighWaterMark: 1 });
      peer.write('more than one byte');
      await once(duplex, 'readable');
      expect(conn.heldBy).toEqual(['toDuplex']);
      duplex.destroy();
      expect(conn.held).toBe(false);
    });
  });

  describe("Node's own assertions", () => {
    it('is finished by stream.pipeline through a transform, back to the peer', async () => {
      const { peer, duplex } = await open({ allowHalfOpen: true });
      const louder = new Transform({
        transform: (chunk: Buffer, _encoding, done) => done(null, chunk.toString().toUpperCase()),
      });
      const done = pipeline(duplex, louder, duplex);
      peer.end('hello');
      expect(await text(peer)).toBe('HELLO');
      await done;
    });

    it('is destroyed by a pipeline whose source fails', async () => {
      const { peer, duplex } = await open();
      const ended = once(peer, 'end');
      async function* source(): AsyncGenerator<string> {
        yield 'half of it';
        await once(peer, 'data');
        throw new Error('no more');
      }
      await expect(pipeline(source, duplex)).rejects.toThrow('no more');
      await ended;
      expect(duplex.errored?.message).toBe('no more');
    });

    it('is destroyed by a pipeline whose signal is aborted', async () => {
      const { duplex } = await open();
      const abort = new AbortController();
      const done = pipeline(duplex, new PassThrough().resume(), { signal: abort.signal });
      abort.abort();
      await expect(done).rejects.toMatchObject({ code: 'ABORT_ERR' });
      expect(duplex.destroyed).toBe(true);
    });

    it('takes part in compose', async () => {
      const { peer, duplex } = await open({ allowHalfOpen: true });
      const both = duplex.compose(async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) yield chunk.toString().toUpperCase();
      });
      peer.end('hello');
      expect(await text(both as unknown as Readable)).toBe('HELLO');
    });

    it('reports one side alone as finished', async () => {
      const { peer, duplex } = await open({ allowHalfOpen: true });
      const read = finished(duplex.resume(), { writable: false });
      peer.end();
      await read;
      expect(duplex.writable).toBe(true);
      const written = finished(duplex, { readable: false });
      duplex.end();
      await written;
      await new Promise((resolve) => whenFinished(duplex, resolve));
    });
  });

  describe('as a net.Socket', () => {
    it('has the addresses of both ends', async () => {
      const { peer, duplex } = await open();
      expect(duplex.remotePort).toBe(peer.localPort);
      expect(duplex.localPort).toBe(peer.remotePort);
      expect(duplex.remoteAddress).toBe('127.0.0.1');
      expect(duplex.localAddress).toBe('127.0.0.1');
      expect([duplex.remoteFamily, duplex.localFamily]).toEqual(['IPv4', 'IPv4']);
      expect(duplex.address()).toEqual({
        address: '127.0.0.1',
        family: 'IPv4',
        port: peer.remotePort,
      });
    });

    it('has none for a unix socket, and no options that do anything', async () => {
      await loopback.close();
      const base = new EventBase();
      const path = join(tmpdir(), `toDuplex-${process.pid}.sock`);
      const listener = base.listen({ path });
      const accepted = firstValueFrom(listener);
      await firstValueFrom(listener.bound);
      const conn = await base.open({ path });
      const duplex = toDuplex(conn);
      expect(duplex.remoteAddress).toBeUndefined();
      expect(duplex.localPort).toBeUndefined();
      expect(duplex.address()).toEqual({});
      duplex.setNoDelay().setKeepAlive(true, 1000);
      toDuplex(await accepted).end('hello');
      expect(await text(duplex)).toBe('hello');
      await base.close();
    });

    it('says its state', async () => {
      const { peer, duplex } = await open({ allowHalfOpen: true });
      expect([duplex.connecting, duplex.pending]).toEqual([false, false]);
      expect(duplex.readyState).toBe('open');
      peer.end();
      await once(duplex.resume(), 'end');
      expect(duplex.readyState).toBe('writeOnly');
      duplex.end();
      await closed(duplex);
      expect(duplex.readyState).toBe('closed');
    });

    it('counts bytes', async () => {
      const { peer, duplex } = await open();
      peer.write('12345');
      await once(duplex, 'readable');
      duplex.write('123');
      expect([duplex.bytesRead, duplex.bytesWritten]).toEqual([5, 3]);
      duplex.on('error', () => {});
      duplex.write(Buffer.alloc(12 << 20));
      expect(duplex.bytesWritten).toBe(3 + (12 << 20));
      expect(duplex.bufferSize).toBeGreaterThan(1 << 20);
    });

    it('sets options, refs and unrefs', async () => {
      const { duplex } = await open();
      expect(duplex.setNoDelay(false).setNoDelay().setKeepAlive(true).setKeepAlive()).toBe(duplex);
      expect(duplex.unref().ref()).toBe(duplex);
      expect(() => duplex.setKeepAlive(true, 0.5)).toThrow(RangeError);
      duplex.destroy();
      expect(duplex.setNoDelay().setTimeout(5)).toBe(duplex);
    });

    it("emits 'timeout' once when nothing moves, and again after it has moved", async () => {
      const { peer, duplex } = await open();
      let called = 0;
      duplex.setTimeout(5, () => (called += 1));
      expect(duplex.timeout).toBe(5);
      await once(duplex, 'timeout');
      expect(duplex.destroyed).toBe(false);
      duplex.resume();
      peer.write('x');
      await once(duplex, 'timeout');
      expect(called).toBe(1);
      const more = (): void => {};
      duplex.setTimeout(0, more);
      expect(duplex.timeout).toBe(0);
      expect(duplex.listenerCount('timeout')).toBe(0);
      expect(() => duplex.setTimeout(-1)).toThrow(RangeError);
    });
  });
});
