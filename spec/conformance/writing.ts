import { of } from 'rxjs';
import { sendTo } from 'rxjs-libevent';
import { type Harness, codeOf } from './Harness';
import { events, observed } from './observed';
import { pattern } from '../support/pattern.cjs';
import { zeros } from '../support/zeros';

type It = (behaviour: string, body: () => Promise<void>) => void;

/** What the peer gets, when output counts as pending, and what it costs to write too much. */
export function writing(harness: Harness, it: It): void {
  const { until, settled } = {
    until: harness.until.bind(harness),
    settled: () => harness.settled(),
  };

  it('sends text in UTF-8', async () => {
    const { conn, remote } = await harness.open();
    conn.next('grüße');
    await until('all', () => remote.received.length === 7);
    expect(remote.received.toString()).toBe('grüße');
  });

  it('sends text in latin1 if asked to', async () => {
    const { conn, remote } = await harness.open({ encoding: 'latin1' });
    conn.next('grüße');
    await until('all', () => remote.received.length === 5);
    expect(remote.received.toString('latin1')).toBe('grüße');
  });

  it('keeps the order of text, small and large chunks', async () => {
    const { conn, remote } = await harness.open();
    const large = pattern(300_000);
    for (const chunk of ['a', Buffer.from('b'), large, 'c', large, Buffer.from('d')])
      conn.next(chunk);
    await until('all', () => remote.received.length === 600_004);
    const expected = Buffer.concat([
      Buffer.from('ab'),
      large,
      Buffer.from('c'),
      large,
      Buffer.from('d'),
    ]);
    expect(remote.received.equals(expected)).toBe(true);
  });

  it('keeps the order of thousands of writes', async () => {
    const { conn, remote } = await harness.open();
    let expected = '';
    for (let count = 0; count < 3000; count += 1) {
      conn.next(`${String(count)},`);
      expected += `${String(count)},`;
    }
    await until('all', () => remote.received.length === expected.length);
    expect(remote.received.toString()).toBe(expected);
  });

  it('sends nothing for an empty chunk', async () => {
    const { conn, remote } = await harness.open();
    conn.next('');
    conn.next(new Uint8Array(0));
    conn.next('x');
    await until('the byte', () => remote.received.length === 1);
    await until('nothing waits', () => conn.outputBytes === 0);
  });

  it('writes while nobody reads', async () => {
    const { conn, remote } = await harness.open();
    remote.send('unread');
    conn.next('written');
    await until('all', () => remote.received.length === 7);
  });

  it('T4: writes after the end of the input, with allowHalfOpen', async () => {
    const { conn, remote } = await harness.open({ allowHalfOpen: true });
    const seen = observed(conn);
    remote.end();
    await until('the end', () => seen.log.length > 0);
    conn.next('answer');
    await until('the answer', () => remote.received.length === 6);
  });

  it('has no output once it has left', async () => {
    const { conn, remote } = await harness.open();
    conn.next('12345');
    expect(conn.outputBytes).toBe(5);
    await until('the bytes', () => remote.received.length === 5);
    await settled();
    expect(conn.outputBytes).toBe(0);
  });

  it('F3: is saturated above the high mark, not at it', async () => {
    const { conn } = await harness.open({ write: { high: 4, low: 2 } });
    conn.next('1234');
    expect(conn.saturated).toBe(false);
    conn.next('5');
    expect(conn.saturated).toBe(true);
    await until('the drain', () => !conn.saturated);
  });

  it('F3: reports saturation and draining in turns', async () => {
    const { conn, remote } = await harness.open({ write: { high: 4, low: 2 } });
    const log = events(conn);
    conn.next('123456');
    conn.next('789');
    await until('nine bytes', () => remote.received.length === 9 && !conn.saturated);
    conn.next('123456');
    await until('fifteen bytes', () => remote.received.length === 15 && !conn.saturated);
    expect(log).toEqual(['saturated', 'drained', 'saturated', 'drained']);
  });

  it('reports who waits for the drain', async () => {
    const { conn, remote } = await harness.open({ write: { high: 100, low: 50 } });
    let drains = 0;
    conn.drained.subscribe(() => (drains += 1));
    remote.read(false);
    conn.next(zeros(harness.moreThanSystem));
    await settled();
    expect([drains, conn.saturated]).toEqual([0, true]);
    remote.read(true);
    await until('the drain', () => drains > 0);
    expect(conn.outputBytes).toBeLessThanOrEqual(50);
  });

  it('drains when the marks are raised', async () => {
    const { conn, remote } = await harness.open({ write: { high: 10, low: 5 } });
    remote.read(false);
    conn.next(zeros(harness.moreThanSystem));
    await settled();
    conn.setWatermarks({ write: { high: 1 << 29, low: 1 << 28 } });
    expect(conn.saturated).toBe(false);
    conn.destroy();
  });

  it('completes sendTo when the bytes have left', async () => {
    const { conn, remote } = await harness.open();
    remote.read(false);
    let done = false;
    of(zeros(harness.moreThanSystem))
      .pipe(sendTo(conn))
      .subscribe({ complete: () => (done = true) });
    await settled();
    expect(done).toBe(false);
    remote.read(true);
    await until('the completion', () => done);
    expect(conn.outputBytes).toBe(0);
  });

  it('F8: drops, and counts, what whenSaturated says to drop', async () => {
    const { conn, remote } = await harness.open({ write: { high: 4, low: 2 } });
    of('12345', 'lost', 'lost')
      .pipe(sendTo(conn, { whenSaturated: 'drop', dropAboveBytes: 4 }))
      .subscribe();
    await until('five bytes', () => remote.received.length === 5 && !conn.saturated);
    conn.send('6', 'drop');
    await until('six bytes', () => remote.received.length === 6);
    expect([conn.dropped, remote.received.toString()]).toEqual([2, '123456']);
  });

  it('F8: drops nothing of a burst that saturates, below the mark of dropping', async () => {
    const { conn, remote } = await harness.open({ write: { high: 4, low: 2 } });
    of('12345', 'kept', 'too')
      .pipe(sendTo(conn, { whenSaturated: 'drop' }))
      .subscribe();
    expect(conn.saturated).toBe(true);
    await until('all', () => remote.received.length === 12);
    expect([conn.dropped, remote.received.toString()]).toEqual([0, '12345kepttoo']);
  });

  it('F8: drops what would exceed maxOutputBytes, and goes on', async () => {
    const { conn, remote } = await harness.open({
      write: { high: 4, low: 2 },
      maxOutputBytes: 10,
    });
    of('12345', '123456', '12345')
      .pipe(sendTo(conn, { whenSaturated: 'drop' }))
      .subscribe();
    await until('two of them', () => remote.received.length === 10);
    expect([conn.dropped, conn.closed]).toEqual([1, false]);
  });

  it('counts maxOutputBytes in bytes, not in characters', async () => {
    const { conn, remote } = await harness.open({
      write: { high: 10, low: 5 },
      maxOutputBytes: 100,
    });
    conn.next('ä'.repeat(50));
    expect(conn.failure).toBeUndefined();
    conn.destroy();
    const { conn: other } = await harness.open({
      write: { high: 10, low: 5 },
      maxOutputBytes: 100,
    });
    other.next('ä'.repeat(51));
    expect(codeOf(other.failure)).toBe('ERR_MAX_OUTPUT_BYTES');
    await until('the end', () => remote.seen.length > 0);
  });

  it('fails with ERR_SATURATED when whenSaturated says to close', async () => {
    const { conn, remote } = await harness.open({ write: { high: 4, low: 2 } });
    const codes: string[] = [];
    remote.read(true);
    of('12345', 'too much')
      .pipe(sendTo(conn, { whenSaturated: 'close' }))
      .subscribe({ error: (error: unknown) => codes.push(codeOf(error)) });
    await until('the end', () => remote.seen.length > 0);
    expect([codes, conn.writable, ...remote.seen]).toEqual([['ERR_SATURATED'], false, 'rst']);
  });

  it('fails with ERR_MAX_OUTPUT_BYTES instead of growing', async () => {
    const { conn, remote } = await harness.open({
      write: { high: 10, low: 5 },
      maxOutputBytes: 100,
    });
    const seen = observed(conn);
    for (let count = 0; count < 200; count += 1) conn.next('x');
    await until('the end', () => seen.log.length > 0 && remote.seen.length > 0);
    expect(seen.log).toEqual(['E:ERR_MAX_OUTPUT_BYTES']);
    expect(remote.received.length).toBeLessThanOrEqual(100);
  });

  it('flushes before its FIN', async () => {
    const { conn, remote } = await harness.open();
    remote.read(false);
    const sent = pattern(harness.moreThanSystem);
    conn.next(sent);
    conn.complete();
    await settled();
    expect(remote.seen).toEqual([]);
    remote.read(true);
    await until('the FIN', () => remote.seen.length > 0);
    expect([remote.received.equals(sent), ...remote.seen]).toEqual([true, 'fin']);
  });

  it('writes nothing after complete()', async () => {
    const { conn, remote } = await harness.open();
    conn.next('a');
    conn.complete();
    conn.next('b');
    await until('the FIN', () => remote.seen.length > 0);
    expect([remote.received.toString(), conn.writable]).toEqual(['a', false]);
  });

  it('fails with ETIMEDOUT when nothing leaves for too long', async () => {
    const { conn, remote } = await harness.open({ writeTimeoutMs: 40 });
    const [seen, log] = [observed(conn), events(conn)];
    remote.read(false);
    conn.next(zeros(harness.moreThanSystem));
    await until('the timeout', () => seen.log.length > 0);
    expect([...seen.log, log.includes('timeout:write')]).toEqual(['E:ETIMEDOUT', true]);
  });
}
