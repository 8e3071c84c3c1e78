import {
  concat,
  EMPTY,
  firstValueFrom,
  map,
  NEVER,
  Observable,
  of,
  range,
  Subject,
  throwError,
} from 'rxjs';
import { sendTo, type Chunk } from 'rxjs-libevent';
import { Meeting } from './support/Meeting';
import { bytesOf } from '../support/bytesOf.cjs';
import { pattern } from '../support/pattern.cjs';
import { nextTurn } from '../support/nextTurn';
import { record } from '../support/record';

describe('sendTo', () => {
  let meeting: Meeting;

  beforeEach(async () => {
    meeting = await Meeting.open();
  });

  afterEach(async () => {
    await meeting.close();
  });

  it('writes every value, emits nothing, and completes when the bytes have left', async () => {
    const { connection, peer } = await meeting.meet();
    // More than the system's buffers take from a peer that does not read yet.
    const sent = pattern(8 * 1024 * 1024);
    const sending = record(concat(of('head'), of(sent)).pipe(sendTo(connection)));
    await nextTurn();
    expect(sending.endings).toEqual([]);
    expect((await bytesOf(peer, sent.length + 4)).subarray(4).equals(sent)).toBe(true);
    expect(await sending.ended).toBe('complete');
    expect(connection.outputBytes).toBe(0);
    expect(sending.values).toEqual([]);
  });

  it('does not take for sent what a failure has cost, before that is reported', async () => {
    // Its thread turns while JavaScript waits.
    const threaded = await Meeting.open({}, { threads: 1 });
    const { connection, peer } = await threaded.meet();
    const { base } = threaded;
    connection.next(pattern(8 * 1024 * 1024));
    while (base.stats.references === 0) await nextTurn();
    const { posted } = base.stats;
    peer.resetAndDestroy();
    // Without a turn for what is posted: the end, the failure, and the buffer that is let go.
    while (base.stats.posted < posted + 3) continue;
    const sending = record(EMPTY.pipe(sendTo(connection)));
    expect(await sending.ended).toMatchObject({ code: 'ECONNRESET' });
    await threaded.close();
  });

  it('leaves the connection open', async () => {
    const { connection, peer } = await meeting.meet();
    await record(of('a').pipe(sendTo(connection))).ended;
    await record(of('b').pipe(sendTo(connection))).ended;
    expect((await bytesOf(peer, 2)).toString()).toBe('ab');
    expect(connection.closed).toBe(false);
  });

  it('completes for an empty source once what was written before has left, or at once', async () => {
    const { connection, peer } = await meeting.meet();
    expect(record(EMPTY.pipe(sendTo(connection))).endings).toEqual(['complete']);
    connection.next(pattern(8 * 1024 * 1024));
    const after = record(EMPTY.pipe(sendTo(connection)));
    await nextTurn();
    expect(after.endings).toEqual([]);
    await bytesOf(peer, 8 * 1024 * 1024);
    expect(await after.ended).toBe('complete');
  });

  it('never ends for a source that never ends', async () => {
    const { connection } = await meeting.meet();
    const sending = record(NEVER.pipe(sendTo(connection)));
    await record(EMPTY.pipe(sendTo(connection))).ended;
    expect(sending.endings).toEqual([]);
    sending.subscription.unsubscribe();
  });

  it('passes the error of its source on, and keeps what has been written', async () => {
    const { connection, peer } = await meeting.meet();
    const failure = new Error('source');
    const source = concat(
      of('written'),
      throwError(() => failure),
    );
    expect(await record(source.pipe(sendTo(connection))).ended).toBe(failure);
    expect((await bytesOf(peer, 7)).toString()).toBe('written');
  });

  it('is unsubscribed early: from the source at once, and what has been written still leaves', async () => {
    const { connection, peer } = await meeting.meet();
    const source = new Subject<string>();
    const sending = record(source.pipe(sendTo(connection)));
    source.next('a');
    sending.subscription.unsubscribe();
    expect(source.observed).toBe(false);
    source.next('b');
    connection.next('c');
    expect((await bytesOf(peer, 2)).toString()).toBe('ac');
  });

  it('serves several sources at once, each notified of its own bytes', async () => {
    const { connection, peer } = await meeting.meet();
    const order: string[] = [];
    const length = 12 * 1024 * 1024;
    const one = record(of('1').pipe(sendTo(connection)));
    const two = record(of(pattern(length)).pipe(sendTo(connection)));
    void one.ended.then(() => order.push('one'));
    void two.ended.then(() => order.push('two'));
    await bytesOf(peer, length + 1);
    await Promise.all([one.ended, two.ended]);
    expect(order).toEqual(['one', 'two']);
  });

  it('ends with a TypeError for a value that cannot be sent, and unsubscribes', async () => {
    const { connection } = await meeting.meet();
    const source = new Subject<Chunk>();
    const sending = record(source.pipe(sendTo(connection)));
    source.next(5 as never);
    expect(await sending.ended).toBeInstanceOf(TypeError);
    expect(source.observed).toBe(false);
    expect(connection.closed).toBe(false);
  });

  it('ends a synchronous source that overfills the connection, within it', async () => {
    const { connection } = await meeting.meet();
    let made = 0;
    const source = range(0, 1e6).pipe(
      map(() => {
        made += 1;
        return pattern(65536);
      }),
    );
    const error = await record(source.pipe(sendTo(connection))).ended;
    expect(error).toMatchObject({ code: 'ERR_MAX_OUTPUT_BYTES' });
    // 16 MiB, and what the system has taken meanwhile.
    expect(made).toBeGreaterThanOrEqual(256);
    expect(made).toBeLessThan(512);
  });

  it('T1: fails with ERR_NOT_WRITABLE where the connection has gone, and does not subscribe', async () => {
    const { connection } = await meeting.meet();
    connection.destroy();
    await firstValueFrom(connection.whenClosed);
    let subscribed = false;
    const source = new Observable<string>(() => {
      subscribed = true;
    });
    const { endings } = record(source.pipe(sendTo(connection)));
    expect(endings).toMatchObject([{ code: 'ERR_NOT_WRITABLE', syscall: 'write' }]);
    expect(subscribed).toBe(false);
  });

  it('ends with the error that the connection has ended with, even if it comes late', async () => {
    const { connection, peer } = await meeting.meet();
    const input = record(connection);
    peer.resetAndDestroy();
    const error = await input.ended;
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    const { endings } = record(NEVER.pipe(sendTo(connection)));
    expect(endings).toHaveLength(1);
    expect(endings[0]).toBe(error);
  });

  it('closes a saturated connection with ERR_SATURATED, where asked to', async () => {
    const { connection } = await meeting.meet();
    const closing = sendTo(connection, { whenSaturated: 'close' });
    const source = range(0, 200).pipe(map(() => pattern(65536)));
    const error = await record(source.pipe(closing)).ended;
    expect(error).toMatchObject({ code: 'ERR_SATURATED', syscall: 'write' });
    expect(connection.writable).toBe(false);
  });

  it('drops values of a saturated connection, where asked to, and goes on when it has drained', async () => {
    const { connection, peer } = await meeting.meet();
    const source = new Subject<Chunk>();
    const sending = record(
      source.pipe(sendTo(connection, { whenSaturated: 'drop', dropAboveBytes: 65536 })),
    );
    const big = pattern(8 * 1024 * 1024);
    source.next(big);
    source.next('dropped');
    expect(connection.dropped).toBe(1);
    const drained = firstValueFrom(connection.drained);
    await bytesOf(peer, big.length);
    await drained;
    source.next('kept');
    source.complete();
    expect((await bytesOf(peer, 4)).toString()).toBe('kept');
    expect(await sending.ended).toBe('complete');
  });

  it.each([null, 5, { whenSaturated: 'wait' }, { dropAboveBytes: '1' }])(
    'refuses the config %p',
    async (config) => {
      const { connection } = await meeting.meet();
      expect(() => sendTo(connection, config as never)).toThrow(TypeError);
    },
  );
});
