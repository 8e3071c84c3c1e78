import { from, type Observable, lastValueFrom, map, materialize, take, tap, toArray } from 'rxjs';
import { lines, sendTo, type Connection, type LibeventError } from 'rxjs-libevent';
import { allOf, bytesFrom } from './support/emitted';
import { newBase } from './support/newBase';
import { openInEach } from './support/openInEach';
import { pattern } from '../support/pattern.cjs';
import { until } from '../support/until';

/** No deadline cuts it. */
const MAX_DEADLINE_MS = 2 ** 31 - 1;

describe('bufferevent_pair_new: base.pair', () => {
  const base = newBase({ threads: 2 });
  const open = openInEach();

  afterAll(async () => {
    await base.close();
  });

  /** How the input of a connection ends. */
  const endOf = (connection: Observable<unknown>): Promise<unknown> =>
    lastValueFrom(connection, { defaultValue: undefined }).then(
      () => 'complete',
      (error: unknown) => (error as LibeventError).code,
    );

  it('gives one end what the other is given, both ways, in order', async () => {
    const [one, other] = base.pair();
    const answers = lastValueFrom(one.pipe(lines(), take(3), toArray()));
    other
      .pipe(
        lines(),
        map((line) => `${line}!\n`),
        sendTo(other),
      )
      .subscribe();
    await lastValueFrom(from(['a\n', 'b\n', 'c\n']).pipe(sendTo(one)), { defaultValue: 0 });
    expect(await answers).toEqual(['a!', 'b!', 'c!']);
    one.complete();
  });

  it('has no socket and no addresses', () => {
    const [one] = base.pair();
    expect(one.socket.fd).toBe(-1);
    expect(one.localAddress).toEqual({ family: 'unix', address: '', port: 0 });
    expect(one.remoteAddress).toEqual({ family: 'unix', address: '', port: 0 });
    one.destroy();
  });

  it.each([1, 4096, 65536, 1 << 20])(
    'loses and moves no byte with a read mark of %i',
    async (high) => {
      const [one, other] = base.pair({ read: { high }, maxOutputBytes: 1 << 26 });
      const content = pattern(high === 1 ? 3000 : 8_000_000);
      const received = allOf(other);
      for (let offset = 0; offset < content.length;) {
        const bytes = 1 + ((offset * 7919) % 40_000);
        one.next(content.subarray(offset, offset + bytes));
        offset += bytes;
      }
      one.complete();
      expect((await received).equals(content)).toBe(true);
      other.complete();
    },
  );

  it.each([1000, 65536, 1 << 20])(
    'loses and moves no byte at the end of both, with a read mark of %i',
    async (high) => {
      const [one, other] = base.pair({ read: { high }, allowHalfOpen: true });
      const content = pattern(100_000);
      one.next(content);
      // The last byte that the other end has room for closes this one, within the same call.
      one.close();
      other.complete();
      expect((await allOf(other)).equals(content)).toBe(true);
    },
  );

  it.each([1000, 65536, 1 << 20])(
    'takes and throws away, while it lingers, all that the other end still writes: a read mark of %i',
    async (high) => {
      const [one, other] = base.pair({ read: { high }, allowHalfOpen: true });
      const closed = lastValueFrom(one.whenClosed);
      one.close(MAX_DEADLINE_MS);
      await lastValueFrom(from([pattern(1_000_000)]).pipe(sendTo(other)), { defaultValue: 0 });
      other.complete();
      await closed;
    },
  );

  it('ends with EOF after the last byte, and can still be written to', async () => {
    const [one, other] = base.pair({ allowHalfOpen: true });
    const ended = allOf(other);
    one.next('last');
    one.complete();
    expect((await ended).toString()).toBe('last');
    other.next('after');
    other.complete();
    expect((await allOf(one)).toString()).toBe('after');
  });

  it('reports both ends that they have closed, once both have completed', async () => {
    const [one, other] = base.pair();
    const closed = Promise.all([one, other].map(({ whenClosed }) => lastValueFrom(whenClosed)));
    one.subscribe();
    other.subscribe();
    one.complete();
    other.complete();
    await closed;
  });

  it('holds the writer while nobody reads, and goes on with the first reader', async () => {
    const [one, other] = base.pair();
    const source = base.pair();
    source[1].subscribe(one);
    const block = pattern(64 * 1024);
    for (let count = 0; count < 8; count += 1) source[0].next(block);
    await until(() => source[1].held);
    expect(source[1].heldBy).toEqual([one]);
    expect(one.saturated).toBe(true);
    source[0].complete();
    const received = await allOf(other);
    expect(received.length).toBe(8 * block.length);
    expect(source[1].held).toBe(false);
  });

  it('lets bytes wait at the writer as soon as the reader has as many as its mark says', async () => {
    const [one, other] = base.pair({ read: { high: 1000 }, write: { high: 5000 } });
    const release = other.hold();
    const received = bytesFrom(other, 4000);
    one.next(pattern(4000));
    // What the other end may read ahead leaves; a full way and back of another pair, then.
    const [left, right] = base.pair();
    right.subscribe(right);
    const echo = bytesFrom(left, 1);
    left.next('x');
    await echo;
    expect(one.outputBytes).toBeGreaterThanOrEqual(2000);
    release();
    expect((await received).equals(pattern(4000))).toBe(true);
    left.destroy();
    one.destroy();
  });

  it('follows a read mark that is changed', async () => {
    const [one, other] = base.pair({ read: { high: 10 } });
    other.setWatermarks({ read: { high: 100_000 } });
    const received = allOf(other);
    one.next(pattern(50_000));
    one.complete();
    expect((await received).equals(pattern(50_000))).toBe(true);
    other.complete();
  });

  it('T2: destroy: what waits is lost, and the other end has ECONNRESET', async () => {
    const [one, other] = base.pair({ read: { high: 100 } });
    const received: Buffer[] = [];
    let release: (() => void) | undefined;
    const note = (chunk: Buffer) => {
      received.push(chunk);
      release ??= other.hold();
    };
    const ended = endOf(other.pipe(tap(note)));
    one.next(pattern(10_000));
    await until(() => received.length > 0);
    one.destroy();
    await lastValueFrom(one.whenClosed);
    release?.();
    expect(await ended).toBe('ECONNRESET');
    const bytes = Buffer.concat(received);
    expect(bytes.length).toBeLessThan(10_000);
    expect(bytes.equals(pattern(10_000).subarray(0, bytes.length))).toBe(true);
  });

  it('T2: close(): what waits is not cut by a read timeout of the end that has closed', async () => {
    const [one, other] = base.pair();
    one.setTimeouts({ readTimeoutMs: 5 });
    open.add(one.subscribe({ error: () => undefined }));
    one.next(pattern(400_000));
    one.close(MAX_DEADLINE_MS);
    await lastValueFrom(base.timer(50));
    expect((await allOf(other)).equals(pattern(400_000))).toBe(true);
  });

  it('T2: destroy: the other end has ECONNRESET where nobody has read yet', async () => {
    const [one, other] = base.pair();
    one.next('waits');
    one.destroy();
    expect(await endOf(other)).toBe('ECONNRESET');
  });

  it.each(['', 'all of it'])(
    'T2: destroy: the other end has EOF after %j, all sent',
    async (text) => {
      const [one, other] = base.pair();
      const received = allOf(other);
      if (text !== '') one.next(text);
      await until(() => one.outputBytes === 0);
      one.destroy();
      expect((await received).toString()).toBe(text);
    },
  );

  it('reset and error: a reader at the other end has ECONNRESET', async () => {
    for (const end of [
      (connection: Connection) => connection.reset(),
      (connection: Connection) => connection.error(new Error('broken')),
    ]) {
      const [one, other] = base.pair();
      const ended = endOf(other);
      end(one);
      expect(await ended).toBe('ECONNRESET');
    }
  });

  it('fails what is written to an end that has gone', async () => {
    const [left, right] = base.pair({ allowHalfOpen: true });
    right.destroy();
    await lastValueFrom(right.whenClosed);
    const code = await lastValueFrom(from(['too late']).pipe(sendTo(left))).catch(
      (error: unknown) => (error as LibeventError).code,
    );
    expect(code).toBe('EPIPE');
  });

  it('fails what waits when the other end goes', async () => {
    const [one, other] = base.pair({ read: { high: 10 } });
    other.hold();
    const sending = lastValueFrom(from([pattern(5000)]).pipe(sendTo(one))).catch(
      (error: unknown) => (error as LibeventError).code,
    );
    other.destroy();
    expect(await sending).toBe('EPIPE');
  });

  it('carries a stream of notifications: values, then completion', async () => {
    const [one, other] = base.pair();
    const seen = lastValueFrom(
      other.pipe(
        lines(),
        materialize(),
        map(({ kind }) => kind),
        toArray(),
      ),
    );
    one.next('a\nb\n');
    one.complete();
    expect(await seen).toEqual(['N', 'N', 'C']);
  });

  it('has neither rate limits, nor groups, nor priorities: libevent does not count its bytes', () => {
    const rateLimit = { readBytesPerSecond: 1000 };
    expect(() => base.pair({ rateLimit })).toThrow(
      expect.objectContaining({ code: 'ENOTSUP' }) as Error,
    );
    expect(() => base.pair({ priority: 0 })).toThrow(
      expect.objectContaining({ code: 'ENOTSUP' }) as Error,
    );
    const [one] = base.pair();
    for (const call of [
      () => one.socket.setRateLimit(rateLimit),
      () => one.socket.setRateLimitGroup(undefined),
      () => one.socket.setPriority(0),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'ENOTSUP' }) as Error);
    }
    one.destroy();
  });

  it('is refused by a base that is closed, under its own name', async () => {
    const closed = newBase();
    await closed.close();
    expect(() => closed.pair()).toThrow(
      expect.objectContaining({
        code: 'ERR_BASE_CLOSED',
        syscall: 'bufferevent_pair_new',
      }) as Error,
    );
  });
});
