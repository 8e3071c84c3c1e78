import { once } from 'node:events';
import { firstValueFrom, map, NEVER, of } from 'rxjs';
import { sendTo, type Connection } from 'rxjs-libevent';
import { Meeting } from './support/Meeting';
import { endingOf } from '../support/endingOf.cjs';
import { bytesOf } from '../support/bytesOf.cjs';
import { pattern } from '../support/pattern.cjs';
import { receivedBy } from './support/receivedBy';
import { nextTurn } from '../support/nextTurn';
import { record } from '../support/record';

describe('Connection: how it ends', () => {
  let meeting: Meeting;

  beforeEach(async () => {
    meeting = await Meeting.open();
  });

  afterEach(async () => {
    await meeting.close();
  });

  it('closes by itself when both sides have sent FIN, whichever was first', async () => {
    const one = await meeting.meet();
    const events = record(one.connection.events.pipe(map(({ type }) => type)));
    record(one.connection);
    one.connection.complete();
    one.peer.resume().end();
    expect(await events.ended).toBe('complete');
    expect(events.values.sort()).toEqual(['closed', 'eof', 'finished']);

    const two = await meeting.meet();
    record(two.connection);
    two.peer.end();
    await once(two.peer, 'finish');
    two.connection.complete();
    await firstValueFrom(two.connection.whenClosed);
  });

  it('reports whenClosed once, and at once when it is late', async () => {
    const { connection } = await meeting.meet();
    const early = record(connection.whenClosed);
    connection.destroy();
    await early.ended;
    expect(early.values).toHaveLength(1);
    expect(record(connection.whenClosed).endings).toEqual(['complete']);
  });

  it('completes drained and events when it is gone', async () => {
    const { connection } = await meeting.meet();
    const drained = record(connection.drained);
    const events = record(connection.events);
    connection.destroy();
    expect(await drained.ended).toBe('complete');
    expect(await events.ended).toBe('complete');
  });

  it('destroy() drops output that waits, and its writer gets ECANCELED', async () => {
    const { connection, peer } = await meeting.meet();
    const ending = endingOf(peer);
    peer.pause();
    const writer = record(of(pattern(16 * 1024 * 1024 - 1)).pipe(sendTo(connection)));
    connection.destroy();
    expect(await writer.ended).toMatchObject({ code: 'ECANCELED', syscall: 'write' });
    peer.resume();
    await ending;
    expect(peer.bytesRead).toBeLessThan(16 * 1024 * 1024 - 1);
  });

  it('destroy() completes a writer with nothing under way', async () => {
    const { connection } = await meeting.meet();
    const writer = record(NEVER.pipe(sendTo(connection)));
    connection.destroy();
    expect(await writer.ended).toBe('complete');
  });

  it('reset() sends RST', async () => {
    const { connection, peer } = await meeting.meet();
    const ending = endingOf(peer);
    connection.reset();
    expect(await ending).toBe('ECONNRESET');
  });

  it('close() flushes everything, then sends FIN, and waits for that of the peer', async () => {
    const { connection, peer } = await meeting.meet();
    const sent = pattern(8 * 1024 * 1024);
    connection.setWatermarks({ write: { high: 2 ** 30 } });
    connection.next(sent);
    connection.close();
    const closed = record(connection.whenClosed);
    expect((await receivedBy(peer)).equals(sent)).toBe(true);
    expect(closed.values).toEqual([]);
    peer.end();
    await closed.ended;
  });

  it('close() costs a peer that is still sending none of its answer', async () => {
    const { connection, peer } = await meeting.meet();
    const answer = pattern(2 * 1024 * 1024);
    // More than the sockets hold: it is still being sent when the answer and the FIN are on the way.
    peer.write(pattern(16 * 1024 * 1024), () => peer.end());
    await firstValueFrom(connection);
    connection.setWatermarks({ write: { high: 2 ** 30 } });
    connection.next(answer);
    connection.close();
    expect((await receivedBy(peer)).equals(answer)).toBe(true);
    await firstValueFrom(connection.whenClosed);
    expect(peer.errored).toBeNull();
  });

  it('close() with a deadline gives up on a peer that does not read', async () => {
    const { connection, peer } = await meeting.meet();
    peer.pause();
    connection.setWatermarks({ write: { high: 2 ** 30 } });
    const writer = record(of(pattern(15 * 1024 * 1024)).pipe(sendTo(connection)));
    connection.close(1);
    expect(await writer.ended).toMatchObject({ code: 'ECANCELED' });
    await firstValueFrom(connection.whenClosed);
  });

  it('close() with a deadline gives up on a peer that never ends', async () => {
    const { connection } = await meeting.meet();
    connection.close(1);
    await firstValueFrom(connection.whenClosed);
  });

  it.each([0, -1, 1.5, NaN, 2 ** 31, '5' as unknown as number])(
    'close() refuses a deadline of %p',
    async (deadline) => {
      const { connection } = await meeting.meet();
      expect(() => connection.close(deadline)).toThrow(/deadlineMs.* ms/);
      expect(connection.closed).toBe(false);
    },
  );

  const endings: Readonly<Record<string, (connection: Connection) => void>> = {
    complete: (connection) => connection.complete(),
    destroy: (connection) => connection.destroy(),
    reset: (connection) => connection.reset(),
    close: (connection) => connection.close(1000),
    error: (connection) => connection.error(new Error('source')),
  };
  const names = Object.keys(endings);
  const pairs = names.flatMap((first) => names.map((second) => [first, second] as const));

  it.each(pairs)('is closed once by %s and then %s', async (first, second) => {
    const { connection, peer } = await meeting.meet();
    const input = record(connection);
    const closed = record(connection.whenClosed);
    peer.on('end', () => peer.end()).resume();
    endings[first]?.(connection);
    endings[second]?.(connection);
    await closed.ended;
    expect(closed.values).toHaveLength(1);
    expect(input.endings).toHaveLength(1);
    for (const again of Object.values(endings)) again(connection);
    expect(closed.values).toHaveLength(1);
  });

  describe.each(names)('%s called inside a callback', (name) => {
    const end = endings[name] as (connection: Connection) => void;

    it.each(['next', 'events', 'eof', 'drained', 'sendTo complete'])('of %s', async (where) => {
      const { connection, peer } = await meeting.meet();
      peer.on('end', () => peer.end()).resume();
      const closed = record(connection.whenClosed);
      const endIt = (): void => end(connection);
      const input = record(connection, where === 'next' ? endIt : undefined);
      if (where === 'events' || where === 'eof') connection.events.subscribe(endIt);
      if (where === 'drained') connection.drained.subscribe(endIt);
      if (where === 'sendTo complete')
        of('x').pipe(sendTo(connection)).subscribe({ complete: endIt });
      if (where === 'events' || where === 'drained') {
        while (!connection.saturated && connection.writable) connection.next(pattern(65536));
      } else {
        peer.write('bytes');
      }
      if (where === 'eof') peer.end();
      await closed.ended;
      expect(closed.values).toHaveLength(1);
      expect(input.endings).toHaveLength(1);
    });
  });

  it('can be written, read, held and ended in whenClosed without effect', async () => {
    const { connection, peer } = await meeting.meet();
    const ending = endingOf(peer);
    const late: unknown[] = [];
    const done = new Promise<void>((resolve) => {
      connection.whenClosed.subscribe(() => {
        connection.next('x');
        connection.hold()();
        late.push(...record(connection).endings);
        for (const end of Object.values(endings)) end(connection);
        connection.setWatermarks({ read: { high: 10 } });
        resolve();
      });
    });
    connection.destroy();
    await done;
    expect(late).toEqual(['complete']);
    await ending;
  });

  it('has ended for its reader before whenClosed emits', async () => {
    const { connection, peer } = await meeting.meet();
    const order: string[] = [];
    connection.subscribe({ error: () => order.push('error') });
    connection.events.subscribe(({ type }) => order.push(type));
    const closed = record(connection.whenClosed, () => order.push('whenClosed'));
    peer.resetAndDestroy();
    await closed.ended;
    expect(order).toEqual(['error', 'error', 'closed', 'whenClosed']);
  });

  it('emits nothing to a reader that subscribes and leaves in one turn', async () => {
    const { connection, peer } = await meeting.meet();
    peer.write('later');
    const first = record(connection);
    first.subscription.unsubscribe();
    await nextTurn();
    expect(first.values).toEqual([]);
    const second = record(connection);
    await second.reach(5);
    expect(second.text).toBe('later');
  });

  it('keeps what waits for a reader after the peer has gone, and closes when it has been read', async () => {
    const { connection, peer } = await meeting.meet();
    const answer = receivedBy(peer);
    const release = connection.hold();
    const early = record(connection);
    peer.end('left behind');
    const other = await meeting.meet();
    const through = record(other.connection);
    other.peer.end('x');
    await through.ended;
    early.subscription.unsubscribe();
    release();
    connection.complete();
    await nextTurn();
    const late = record(connection);
    expect(await late.ended).toBe('complete');
    expect(late.text).toBe('left behind');
    await firstValueFrom(connection.whenClosed);
    await answer;
  });

  describe('timeouts', () => {
    it('readTimeoutMs fails with ETIMEDOUT, read, once', async () => {
      const other = await Meeting.open({ readTimeoutMs: 20 });
      const { connection } = await other.meet();
      const events = record(connection.events.pipe(map(({ type }) => type)));
      const input = record(connection);
      expect(await input.ended).toMatchObject({ code: 'ETIMEDOUT', syscall: 'read' });
      await events.ended;
      expect(events.values).toEqual(['timeout', 'closed']);
      await other.close();
    });

    it('readTimeoutMs counts only while somebody reads', async () => {
      const other = await Meeting.open({ readTimeoutMs: 10 });
      const { connection, peer } = await other.meet();
      const release = connection.hold();
      const input = record(connection);
      const second = await other.meet();
      // The other one has run out of time, so this one would have.
      await record(second.connection).ended;
      expect(input.endings).toEqual([]);
      peer.end('x');
      release();
      expect(await input.ended).toBe('complete');
      await other.close();
    });

    it('whenTimeout: event only reports, again and again', async () => {
      const other = await Meeting.open({ readTimeoutMs: 5, whenTimeout: 'event' });
      const { connection, peer } = await other.meet();
      const events = record(connection.events);
      const input = record(connection);
      await events.reach(3);
      expect(events.values.slice(0, 3)).toEqual(
        Array.from({ length: 3 }, () => ({ type: 'timeout', direction: 'read' })),
      );
      peer.end('still here');
      expect(await input.ended).toBe('complete');
      expect(input.text).toBe('still here');
      await other.close();
    });

    it('writeTimeoutMs fails with ETIMEDOUT, write, when the peer does not read', async () => {
      const other = await Meeting.open({ writeTimeoutMs: 20 });
      const { connection, peer } = await other.meet();
      peer.pause();
      const writer = record(of(pattern(15 * 1024 * 1024)).pipe(sendTo(connection)));
      expect(await writer.ended).toMatchObject({ code: 'ETIMEDOUT', syscall: 'write' });
      await other.close();
    });

    it('writeTimeoutMs does not mind a connection with nothing to write', async () => {
      const other = await Meeting.open({ writeTimeoutMs: 5, readTimeoutMs: 50 });
      const { connection, peer } = await other.meet();
      connection.next('x');
      await bytesOf(peer, 1);
      expect(await record(connection).ended).toMatchObject({ code: 'ETIMEDOUT', syscall: 'read' });
      await other.close();
    });
  });
});
