import { once } from 'node:events';
import type { Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { firstValueFrom } from 'rxjs';
import { lines, type Connection } from 'rxjs-libevent';
import { toWritable } from 'rxjs-libevent/streams';
import { Loopback } from '../flow-on-sockets/support/Loopback';

describe('toWritable', () => {
  let loopback: Loopback;
  let conn: Connection;
  let peer: Socket;

  beforeEach(async () => {
    loopback = await Loopback.open();
    ({ conn, peer } = await loopback.pair());
  });

  afterEach(() => loopback.close());

  it('refuses what is no connection, and unknown options', () => {
    expect(() => toWritable(new PassThrough() as never)).toThrow(TypeError);
    expect(() => toWritable(conn, { ends: true } as never)).toThrow("did you mean 'end'?");
    expect(() => toWritable(conn, { highWaterMark: -1 })).toThrow(RangeError);
  });

  it('writes everything, then FIN; the input stays an Observable', async () => {
    const question = firstValueFrom(conn.pipe(lines()));
    let text = '';
    peer.on('data', (chunk) => (text += chunk.toString()));
    const ended = once(peer, 'end');
    await pipeline(Readable.from(['a', 'b', Buffer.from('c')]), toWritable(conn));
    await ended;
    expect(text).toBe('abc');
    peer.end('question\n');
    expect(await question).toBe('question');
  });

  it('T1: is finished when everything has been sent', async () => {
    const writable = toWritable(conn);
    const done = finished(writable.end(Buffer.alloc(8 << 20))).then(() => conn.outputBytes);
    await text(peer);
    expect(await done).toBe(0);
  });

  it('leaves the connection open with end: false', async () => {
    await pipeline(Readable.from(['first ']), toWritable(conn, { end: false }));
    await pipeline(Readable.from(['second ']), toWritable(conn, { end: false }));
    expect(conn.writable).toBe(true);
    toWritable(conn, { end: false }).destroy();
    conn.next('third');
    conn.complete();
    expect(await text(peer)).toBe('first second third');
  });

  it('T4: keeps the output open for an answer when the peer has ended', async () => {
    const writable = toWritable(conn);
    peer.end('question');
    await new Promise<void>((resolve) => conn.subscribe({ complete: resolve }));
    writable.end('answer');
    expect(await text(peer)).toBe('answer');
  });

  it('T2: sends RST when it is destroyed before its end', async () => {
    const writable = toWritable(conn);
    writable.write('half');
    await once(peer, 'data');
    writable.destroy();
    expect((await once(peer, 'error'))[0]).toMatchObject({ code: 'ECONNRESET' });
  });

  it('T2: sends RST when its source fails', async () => {
    async function* source(): AsyncGenerator<string> {
      yield 'half';
      await once(peer, 'data');
      throw new Error('no more');
    }
    const reset = once(peer, 'error');
    await expect(pipeline(source, toWritable(conn))).rejects.toThrow('no more');
    expect((await reset)[0]).toMatchObject({ code: 'ECONNRESET' });
    expect(conn.failure).toMatchObject({ message: 'no more' });
  });

  it('fails when the connection is gone', async () => {
    const ended = finished(toWritable(conn));
    conn.destroy();
    await expect(ended).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });

  it('fails with what the connection fails with', async () => {
    const ended = finished(toWritable(conn));
    conn.subscribe({ error: () => {} });
    peer.resetAndDestroy();
    await expect(ended).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('fails for a write that cannot be taken', async () => {
    const writable = toWritable(conn);
    conn.complete();
    const ended = finished(writable);
    writable.write('too late');
    await expect(ended).rejects.toMatchObject({ code: 'ERR_NOT_WRITABLE' });
  });

  it('stops at saturation, and goes on when it has drained', async () => {
    const writable = toWritable(conn, { highWaterMark: 200_000 });
    const piece = Buffer.alloc(100_000);
    let pieces = 1;
    while (writable.write(piece)) {
      pieces += 1;
      await new Promise(setImmediate);
    }
    expect(conn.saturated).toBe(true);
    expect(conn.outputBytes).toBeLessThanOrEqual(2 * 65536);
    expect(writable.writableLength).toBeLessThanOrEqual(300_000);
    writable.end();
    expect((await text(peer)).length).toBe(pieces * piece.length);
  });
});
