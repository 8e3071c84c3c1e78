import { once } from 'node:events';
import { filter, firstValueFrom, from, interval, map, NEVER, of, range, Subject } from 'rxjs';
import { sendTo, type Chunk, type Connection, type ConnectionEvent } from 'rxjs-libevent';
import { Meeting } from './support/Meeting';
import { endingOf } from '../support/endingOf.cjs';
import { bytesOf } from '../support/bytesOf.cjs';
import { pattern } from '../support/pattern.cjs';
import { receivedBy } from './support/receivedBy';
import { nextTurn } from '../support/nextTurn';
import { record } from '../support/record';

function isFailure(event: ConnectionEvent): boolean {
  return 'error' in event && event.error !== undefined;
}

describe('Connection as an Observer', () => {
  let meeting: Meeting;

  beforeEach(async () => {
    meeting = await Meeting.open();
  });

  afterEach(async () => {
    await meeting.close();
  });

  /** Writes until the connection is saturated, and returns what has been written. */
  function fill(connection: Connection): Buffer {
    const written: Buffer[] = [];
    for (let at = 0; !connection.saturated; at += 65536) {
      const chunk = pattern(65536, at);
      written.push(chunk);
      connection.next(chunk);
    }
    return Buffer.concat(written);
  }

  it('sends what source.subscribe(connection) gives it, then FIN', async () => {
    const { connection, peer } = await meeting.meet();
    from(['a', Buffer.from('b'), 'c']).subscribe(connection);
    expect((await receivedBy(peer)).toString()).toBe('abc');
  });

  it('sends FIN alone for an empty source', async () => {
    const { connection, peer } = await meeting.meet();
    connection.complete();
    expect((await receivedBy(peer)).length).toBe(0);
  });

  it('encodes strings as utf8', async () => {
    const { connection, peer } = await meeting.meet();
    const text = 'grüße, 世界 👋';
    for (const part of [text, text.repeat(10_000)]) connection.next(part);
    connection.complete();
    expect((await receivedBy(peer)).toString('utf8')).toBe(text + text.repeat(10_000));
  });

  it('encodes strings as latin1 where the listener says so', async () => {
    const other = await Meeting.open({ encoding: 'latin1' });
    const { connection, peer } = await other.meet();
    connection.next('grüße');
    connection.next('ÿ'.repeat(50_000));
    connection.complete();
    const got = await receivedBy(peer);
    expect(got.length).toBe(50_005);
    expect(got.toString('latin1')).toBe(`grüße${'ÿ'.repeat(50_000)}`);
    await other.close();
  });

  it('sends an empty chunk as nothing', async () => {
    const { connection, peer } = await meeting.meet();
    connection.next('');
    connection.next(new Uint8Array(0));
    connection.next('x');
    connection.complete();
    expect((await receivedBy(peer)).toString()).toBe('x');
    expect(connection.outputBytes).toBe(0);
  });

  it('keeps order between copied, referenced and encoded writes of every size', async () => {
    const { connection, peer } = await meeting.meet();
    connection.setWatermarks({ write: { high: 2 ** 30 } });
    const sizes = [1, 15, 16383, 16384, 16385, 2, 65536, 3, 200_000, 4, 1, 1_500_000, 7];
    const sent: Buffer[] = [];
    let at = 0;
    for (let round = 0; round < 4; round += 1) {
      for (const size of sizes) {
        const bytes = pattern(size, at).map((byte) => byte & 0x7f);
        at += size;
        sent.push(Buffer.from(bytes));
        const write: Chunk = round % 2 === 0 ? bytes : Buffer.from(bytes).toString('latin1');
        connection.next(write);
      }
    }
    connection.complete();
    expect((await receivedBy(peer)).equals(Buffer.concat(sent))).toBe(true);
  });

  it('sends more records and bytes than the ring and the out-slab hold, in one go', async () => {
    const { connection, peer } = await meeting.meet();
    const sent: Buffer[] = [];
    for (let index = 0; index < 20_000; index += 1) {
      const chunk = Buffer.from(`${String(index)};`.repeat((index % 50) + 1));
      sent.push(chunk);
      connection.next(chunk);
      // Another record in between, so that writes do not become one.
      connection.setWatermarks({ read: { high: 65536 + (index % 2) } });
    }
    connection.complete();
    expect((await receivedBy(peer)).equals(Buffer.concat(sent))).toBe(true);
  });

  it('does not mind that a small chunk changes after the call', async () => {
    const { connection, peer } = await meeting.meet();
    const chunk = Buffer.from('before');
    connection.next(chunk);
    chunk.fill('x');
    connection.complete();
    expect((await receivedBy(peer)).toString()).toBe('before');
  });

  it.each<[string, unknown]>([
    ['a number', 5],
    ['null', null],
    ['undefined', undefined],
    ['an object', {}],
    ['an array', [1, 2]],
    ['an ArrayBuffer', new ArrayBuffer(4)],
    ['a proxy', new Proxy(new Uint8Array(4), {})],
  ])('throws a TypeError for %s', async (_name, chunk) => {
    const { connection } = await meeting.meet();
    expect(() => connection.next(chunk as Chunk)).toThrow(TypeError);
    expect(() => connection.next(chunk as Chunk)).toThrow(/a typed array, a DataView or a string/);
  });

  it('takes any view for the bytes that it is', async () => {
    const { connection, peer } = await meeting.meet();
    const { buffer } = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]);
    connection.next(new DataView(buffer, 1, 2));
    connection.next(new Uint16Array(buffer, 4, 2));
    connection.complete();
    expect([...(await receivedBy(peer))]).toEqual([1, 2, 4, 5, 6, 7]);
  });

  describe('watermarks', () => {
    it('is not saturated at the high mark, and is above it', () => {
      // Nobody reads the other end, and no system takes anything.
      const [connection] = meeting.base.pair();
      connection.setWatermarks({ write: { low: 100, high: 1000 } });
      connection.next(Buffer.alloc(1000));
      expect(connection.saturated).toBe(false);
      connection.next(Buffer.alloc(1));
      expect(connection.saturated).toBe(true);
    });

    it('alternates saturated and drained, and arms again', async () => {
      const { connection, peer } = await meeting.meet();
      const events = record(connection.events.pipe(map(({ type }) => type)));
      for (let round = 1; round <= 3; round += 1) {
        const sent = fill(connection);
        const drained = firstValueFrom(connection.drained);
        expect((await bytesOf(peer, sent.length)).equals(sent)).toBe(true);
        await drained;
        expect(connection.saturated).toBe(false);
      }
      const expected = ['saturated', 'drained', 'saturated', 'drained', 'saturated', 'drained'];
      expect(events.values).toEqual(expected);
    });

    it('follows marks that change while the output is above them', async () => {
      const { connection, peer } = await meeting.meet();
      const events = record(connection.events.pipe(map(({ type }) => type)));
      const sent = fill(connection);
      const bytes = connection.outputBytes;
      connection.setWatermarks({ write: { low: bytes * 2, high: bytes * 4 } });
      expect(connection.saturated).toBe(false);
      connection.setWatermarks({ write: { low: 0, high: 1 } });
      expect(connection.saturated).toBe(true);
      expect(events.values).toEqual(['saturated', 'drained', 'saturated']);
      const drained = firstValueFrom(connection.drained);
      await bytesOf(peer, sent.length);
      await drained;
      expect(connection.outputBytes).toBe(0);
    });

    it.each<[string, object, RegExp]>([
      ['low above high', { write: { low: 2, high: 1 } }, /write\.low/],
      ['a negative mark', { read: { high: -1 } }, /read\.high/],
      ['a fraction', { read: { high: 1.5 } }, /bytes/],
    ])('refuses %s', async (_name, marks, words) => {
      const { connection } = await meeting.meet();
      const before = connection.marks;
      expect(() => connection.setWatermarks(marks)).toThrow(RangeError);
      expect(() => connection.setWatermarks(marks)).toThrow(words);
      expect(connection.marks).toEqual(before);
    });

    it('holds the source that fills it until it has drained, and loses nothing', async () => {
      const one = await meeting.meet();
      const two = await meeting.meet();
      const sent = pattern(8 * 1024 * 1024);
      one.connection.subscribe(two.connection);
      one.peer.end(sent);
      const held = firstValueFrom(two.connection.events);
      expect((await held).type).toBe('saturated');
      await nextTurn();
      expect(one.connection.heldBy).toEqual([two.connection]);
      expect((await receivedBy(two.peer)).equals(sent)).toBe(true);
      expect(one.connection.held).toBe(false);
    });

    it('lets the source go when the saturated connection dies', async () => {
      const one = await meeting.meet();
      const two = await meeting.meet();
      const pipeline = record(one.connection.pipe(sendTo(two.connection)));
      one.peer.write(pattern(8 * 1024 * 1024));
      await firstValueFrom(two.connection.events);
      await nextTurn();
      expect(one.connection.held).toBe(true);
      two.peer.resetAndDestroy();
      expect(await pipeline.ended).toMatchObject({
        errno: expect.any(Number) as number,
      });
      expect(one.connection.held).toBe(false);
    });
  });

  it('fails with ERR_MAX_OUTPUT_BYTES, once, when a source that cannot be held overfills it', async () => {
    const other = await Meeting.open({ write: { high: 1000 }, maxOutputBytes: 4 * 1024 * 1024 });
    const { connection, peer } = await other.meet();
    const input = record(connection);
    const pipeline = record(
      range(0, 1000).pipe(
        map(() => Buffer.alloc(65536)),
        sendTo(connection),
      ),
    );
    const error = await pipeline.ended;
    expect(error).toMatchObject({ code: 'ERR_MAX_OUTPUT_BYTES', syscall: 'write' });
    expect(String(error)).toContain('4194304 bytes');
    expect(await input.ended).toBe(error);
    expect([connection.writable, connection.closed]).toEqual([false, false]);
    expect(peer.destroyed).toBe(false);
    await firstValueFrom(connection.whenClosed);
    await other.close();
  });

  it('ends writers with an error when the peer has reset, and the reader with the same', async () => {
    const { connection, peer } = await meeting.meet();
    const input = record(connection);
    const failed = record(
      interval(1).pipe(
        map((count) => count.toString()),
        sendTo(connection),
      ),
    );
    peer.resetAndDestroy();
    expect(await failed.ended).toMatchObject({ errno: expect.any(Number) as number });
    expect(await input.ended).toMatchObject({ code: 'ECONNRESET' });
  });

  it('reads on after the output has failed, until the input ends', async () => {
    const { connection, peer } = await meeting.meet();
    const failed = firstValueFrom(connection.events.pipe(filter(isFailure)));
    const release = connection.hold();
    const input = record(connection);
    const sent = pattern(32 * 1024);
    // The peer's FIN, then an RST for what reaches its closed socket.
    peer.end(sent);
    await once(peer, 'finish');
    peer.destroy();
    const fed = interval(1).subscribe(() => {
      connection.next('x');
    });
    expect(await failed).toMatchObject({ error: { code: 'EPIPE' } });
    fed.unsubscribe();
    expect([connection.writable, connection.closed]).toEqual([false, false]);
    expect(input.endings).toEqual([]);
    release();
    await input.ended;
    expect(input.bytes.equals(sent)).toBe(true);
    await firstValueFrom(connection.whenClosed);
  });

  it('goes on sending after the peer has sent FIN, with allowHalfOpen', async () => {
    const other = await Meeting.open({ allowHalfOpen: true });
    const { connection, peer } = await other.meet();
    const input = record(connection);
    peer.end('ask');
    expect(await input.ended).toBe('complete');
    connection.next('answer');
    connection.complete();
    expect((await receivedBy(peer)).toString()).toBe('answer');
    await firstValueFrom(connection.whenClosed);
    await other.close();
  });

  it('ignores what comes after complete()', async () => {
    const { connection, peer } = await meeting.meet();
    connection.next('a');
    connection.complete();
    connection.next('b');
    expect((await receivedBy(peer)).toString()).toBe('a');
  });

  it('resets the peer when its source fails', async () => {
    const { connection, peer } = await meeting.meet();
    const ending = endingOf(peer);
    const source = new Subject<string>();
    source.subscribe(connection);
    source.error(new Error('source'));
    expect(await ending).toBe('ECONNRESET');
  });

  it('gives the error of its source to its readers', async () => {
    const { connection } = await meeting.meet();
    const input = record(connection);
    const failure = new Error('source');
    connection.error(failure);
    expect(await input.ended).toBe(failure);
  });

  it('counts output and forgets it as it leaves', async () => {
    const { connection, peer } = await meeting.meet();
    const length = 12 * 1024 * 1024;
    const pipeline = record(of(pattern(length)).pipe(sendTo(connection)));
    expect(connection.outputBytes).toBeGreaterThan(0);
    expect(connection.outputBytes).toBeLessThanOrEqual(length);
    await bytesOf(peer, length);
    expect(await pipeline.ended).toBe('complete');
    expect(connection.outputBytes).toBe(0);
  });

  it('keeps its own figures after its slot has gone to another connection', async () => {
    const { connection, peer } = await meeting.meet();
    connection.next('12345');
    await bytesOf(peer, 5);
    connection.destroy();
    await firstValueFrom(connection.whenClosed);
    const other = await meeting.meet();
    other.connection.next('x'.repeat(1000));
    await bytesOf(other.peer, 1000);
    expect(connection.outputBytes).toBe(0);
  });

  it('drops with sendTo and counts, when asked to', async () => {
    const { connection } = await meeting.meet();
    fill(connection);
    const dropping = sendTo(connection, { whenSaturated: 'drop', dropAboveBytes: 0 });
    record(from(['a', 'b']).pipe(dropping));
    expect(connection.dropped).toBe(2);
    NEVER.pipe(dropping).subscribe().unsubscribe();
  });
});
