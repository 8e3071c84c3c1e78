import { once } from 'node:events';
import { concat, config, firstValueFrom, map, merge, take, toArray } from 'rxjs';
import { fixedLength, lengthPrefixed, lines, sendTo, type Connection } from 'rxjs-libevent';
import { Meeting } from './support/Meeting';
import { pattern } from '../support/pattern.cjs';
import { nextTurn } from '../support/nextTurn';
import { record } from '../support/record';

describe('Connection as an Observable', () => {
  let meeting: Meeting;

  beforeEach(async () => {
    meeting = await Meeting.open();
  });

  afterEach(async () => {
    await meeting.close();
  });

  it('emits nothing while the peer says nothing', async () => {
    const { connection, peer } = await meeting.meet();
    const input = record(connection);
    const other = await meeting.meet();
    const echo = record(other.connection.pipe(sendTo(other.connection)));
    other.peer.end('x');
    await once(other.peer, 'data');
    await echo.ended;
    expect(input.values).toEqual([]);
    expect(input.endings).toEqual([]);
    expect(peer.destroyed).toBe(false);
  });

  it('completes without a value when the peer sends nothing but FIN', async () => {
    const { connection, peer } = await meeting.meet();
    const input = record(connection);
    peer.end();
    expect(await input.ended).toBe('complete');
    expect(input.values).toEqual([]);
  });

  it('emits one chunk, and then completes', async () => {
    const { connection, peer } = await meeting.meet();
    const input = record(connection);
    peer.end('hello');
    expect(await input.ended).toBe('complete');
    expect(input.text).toBe('hello');
  });

  it('emits many chunks in the order of the wire, more than rings and slabs hold', async () => {
    const { connection, peer } = await meeting.meet();
    const input = record(connection);
    const sent = pattern(8 * 1024 * 1024);
    peer.end(sent);
    expect(await input.ended).toBe('complete');
    expect(input.bytes.equals(sent)).toBe(true);
  });

  it('ends with ECONNRESET, read, after the last byte when the peer resets', async () => {
    const { connection, peer } = await meeting.meet();
    const input = record(connection);
    peer.write('last words');
    await input.reach(10);
    peer.resetAndDestroy();
    expect(await input.ended).toMatchObject({ code: 'ECONNRESET', syscall: 'read', errno: -104 });
    expect(input.text).toBe('last words');
    expect(input.endings).toHaveLength(1);
  });

  it('is hot: subscribers share the bytes, each in memory of its own', async () => {
    const { connection, peer } = await meeting.meet();
    const first = record(connection);
    const second = record(connection);
    peer.end('shared');
    await Promise.all([first.ended, second.ended]);
    expect(first.text).toBe('shared');
    expect(second.text).toBe('shared');
    expect(first.values[0]?.buffer).not.toBe(second.values[0]?.buffer);
  });

  it('reads only while it is subscribed: bytes wait with the peer', async () => {
    const { connection, peer } = await meeting.meet();
    const sent = pattern(16 * 1024 * 1024);
    peer.end(sent);
    const other = await meeting.meet();
    const through = record(other.connection);
    other.peer.end(sent);
    await through.ended;
    expect(connection.inputBytes).toBe(0);
    expect(peer.writableLength).toBeGreaterThan(0);
    const input = record(connection);
    await input.ended;
    expect(input.bytes.equals(sent)).toBe(true);
  });

  it('keeps what an early leaver did not take, for the next subscriber', async () => {
    const { connection, peer } = await meeting.meet();
    const sent = pattern(1024 * 1024);
    peer.end(sent);
    const head = await firstValueFrom(connection);
    await nextTurn();
    const rest = record(connection);
    expect(await rest.ended).toBe('complete');
    expect(Buffer.concat([head, ...rest.values]).equals(sent)).toBe(true);
  });

  it('loses nothing when a subscriber leaves within next, again and again', async () => {
    const { connection, peer } = await meeting.meet();
    const sent = pattern(1024 * 1024);
    peer.end(sent);
    const got: Buffer[] = [];
    for (let bytes = 0; bytes < sent.length;) {
      const chunk = await firstValueFrom(connection);
      got.push(chunk);
      bytes += chunk.length;
    }
    expect(Buffer.concat(got).equals(sent)).toBe(true);
    expect(await record(connection).ended).toBe('complete');
  });

  it('switches protocols without a gap', async () => {
    const { connection, peer } = await meeting.meet();
    peer.end(Buffer.from('HELLO\n\x03abc12345rest', 'latin1'));
    const seen = concat(
      connection.pipe(lines(), take(1)),
      connection.pipe(
        lengthPrefixed({ prefixBytes: 1 }),
        take(1),
        map((bytes) => bytes.toString()),
      ),
      connection.pipe(
        fixedLength(5),
        take(1),
        map((bytes) => bytes.toString()),
      ),
      connection.pipe(map((bytes) => bytes.toString())),
    );
    expect(await firstValueFrom(seen.pipe(toArray()))).toEqual(['HELLO', 'abc', '12345', 'rest']);
  });

  it('gives what was unread to the next subscriber, in front', async () => {
    const { connection, peer } = await meeting.meet();
    peer.write('one two');
    const chunk = await firstValueFrom(connection);
    expect(connection.unread(chunk.subarray(4))).toBe(true);
    expect(connection.unread(Buffer.from('and '))).toBe(true);
    peer.end(' three');
    const rest = record(connection);
    await rest.ended;
    expect(rest.text).toBe('and two three');
  });

  it('takes nothing back once it has ended', async () => {
    const { connection, peer } = await meeting.meet();
    const input = record(connection);
    peer.end('x');
    await input.ended;
    expect(connection.unread(Buffer.from('x'))).toBe(false);
  });

  it('gives a late subscriber the ending alone', async () => {
    const { connection, peer } = await meeting.meet();
    peer.end('gone');
    await record(connection).ended;
    const late = record(connection);
    expect(late.endings).toEqual(['complete']);
    expect(late.values).toEqual([]);
  });

  it('gives a late subscriber the same error', async () => {
    const { connection, peer } = await meeting.meet();
    const first = record(connection);
    peer.resetAndDestroy();
    const error = await first.ended;
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(record(connection).endings).toEqual([error]);
  });

  it('emits nothing while it is held, keeps order, and goes on in a later turn', async () => {
    const { connection, peer } = await meeting.meet();
    let release: () => void = () => {};
    const input = record(connection, () => {
      if (input.values.length === 1) release = connection.hold('me');
    });
    peer.write('first,');
    await input.reach(1);
    expect(connection.heldBy).toEqual(['me']);
    peer.end('second');
    const other = await meeting.meet();
    const through = record(other.connection);
    other.peer.end('x');
    await through.ended;
    expect(input.text).toBe('first,');
    release();
    expect(input.text).toBe('first,');
    expect(await input.ended).toBe('complete');
    expect(input.text).toBe('first,second');
  });

  it('reads no more than read.high ahead while it is held', async () => {
    const { connection, peer } = await meeting.meet();
    connection.setWatermarks({ read: { low: 0, high: 4096 } });
    const release = connection.hold();
    const input = record(connection);
    const sent = pattern(256 * 1024);
    peer.end(sent);
    const other = await meeting.meet();
    const through = record(other.connection);
    other.peer.end(sent);
    await through.ended;
    expect(connection.inputBytes).toBeLessThanOrEqual(4096);
    release();
    await input.ended;
    expect(input.bytes.equals(sent)).toBe(true);
  });

  it('reports of a peer that dies while nobody reads', async () => {
    const { connection, peer } = await meeting.meet();
    const events = record(connection.events);
    peer.write('unread');
    const release = connection.hold();
    const input = record(connection);
    const other = await meeting.meet();
    const through = record(other.connection);
    other.peer.end('x');
    await through.ended;
    peer.resetAndDestroy();
    await events.reach(1);
    expect(events.values[0]).toMatchObject({ type: 'hangup', error: { code: 'ECONNRESET' } });
    release();
    expect(await input.ended).toMatchObject({ code: 'ECONNRESET' });
    expect(input.text).toBe('unread');
  });

  it('survives a consumer that throws: the others go on', async () => {
    const { connection, peer } = await meeting.meet();
    const failure = new Error('consumer');
    const thrown = new Promise((resolve) => {
      config.onUnhandledError = resolve;
    });
    connection.pipe(take(1)).subscribe(() => {
      throw failure;
    });
    const input = record(connection);
    peer.write('a');
    await input.reach(1);
    peer.end('b');
    await input.ended;
    expect(input.text).toBe('ab');
    expect(await thrown).toBe(failure);
    config.onUnhandledError = null;
  });

  it('can be merged with another, each held by itself', async () => {
    const one = await meeting.meet();
    const two = await meeting.meet();
    const both = record(merge(one.connection, two.connection));
    const release = one.connection.hold();
    one.peer.end('1');
    two.peer.end('2');
    await both.reach(1);
    expect(both.text).toBe('2');
    release();
    await both.ended;
    expect(both.text).toBe('21');
  });

  it.each<[string, (connection: Connection) => void]>([
    ['destroy', (connection) => connection.destroy()],
    ['reset', (connection) => connection.reset()],
    ['close', (connection) => connection.close()],
  ])('completes readers when %s is called, before anything came', async (_name, end) => {
    const { connection } = await meeting.meet();
    const input = record(connection);
    end(connection);
    expect(input.endings).toEqual(['complete']);
    expect(connection.writable).toBe(false);
    expect(record(connection).endings).toEqual(['complete']);
  });
});
