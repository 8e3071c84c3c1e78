import { concat, map, take, toArray } from 'rxjs';
import { fixedLength, lengthPrefixed, lines } from 'rxjs-libevent';
import type { Harness } from './Harness';
import { events, observed } from './observed';
import { pattern } from '../support/pattern.cjs';

type It = (behaviour: string, body: () => Promise<void>) => void;

/** What a subscriber gets, in what order, and how it ends. */
export function reading(harness: Harness, it: It): void {
  const { until, settled } = {
    until: harness.until.bind(harness),
    settled: () => harness.settled(),
  };

  it('delivers bytes in order', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    for (const text of ['a', 'b', 'c', 'd']) remote.send(text);
    await until('four bytes', () => seen.bytes.length === 4);
    expect(seen.bytes.toString()).toBe('abcd');
  });

  it('delivers every value of a byte', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    remote.send(all);
    await until('all', () => seen.bytes.length === 256);
    expect(seen.bytes.equals(all)).toBe(true);
  });

  it('delivers bytes that came before the subscriber', async () => {
    const { conn, remote } = await harness.open();
    remote.send('early');
    await settled();
    const seen = observed(conn);
    await until('the bytes', () => seen.bytes.length === 5);
    expect(seen.bytes.toString()).toBe('early');
  });

  it('F2: delivers much more than its credit, whole', async () => {
    const { conn, remote } = await harness.open({ read: { high: 4096, low: 1024 } });
    const seen = observed(conn);
    const sent = pattern(1_000_003);
    remote.send(sent);
    remote.end();
    await until('the end', () => seen.log.length > 0);
    expect(seen.bytes.equals(sent)).toBe(true);
    expect(seen.log).toEqual(['C']);
  });

  it('F2: works with a credit of one byte', async () => {
    const { conn, remote } = await harness.open({ read: { high: 1, low: 0 } });
    const seen = observed(conn);
    remote.send('one by one');
    await until('all', () => seen.bytes.length === 10);
    expect(seen.bytes.toString()).toBe('one by one');
  });

  it('gives all subscribers the same bytes', async () => {
    const { conn, remote } = await harness.open();
    const [one, other] = [observed(conn), observed(conn)];
    remote.send('shared');
    remote.end();
    await until('both ends', () => one.log.length + other.log.length === 2);
    expect([one.bytes.toString(), other.bytes.toString()]).toEqual(['shared', 'shared']);
  });

  it('gives a late subscriber what is still to come', async () => {
    const { conn, remote } = await harness.open();
    const one = observed(conn);
    remote.send('a');
    await until('the first', () => one.bytes.length === 1);
    const late = observed(conn);
    remote.send('b');
    await until('the second', () => one.bytes.length === 2 && late.bytes.length === 1);
    expect([one.bytes.toString(), late.bytes.toString()]).toEqual(['ab', 'b']);
  });

  it('F1: reads nothing without a subscriber', async () => {
    const { conn, remote } = await harness.open();
    remote.send('unread');
    await settled();
    expect(conn.inputBytes).toBe(0);
  });

  it('F1, F6: emits nothing after the unsubscription, and keeps it for the next subscriber', async () => {
    const { conn, remote } = await harness.open();
    const first = observed(conn);
    remote.send('a');
    await until('the first', () => first.bytes.length === 1);
    first.unsubscribe();
    remote.send('b');
    await settled();
    expect(first.bytes.toString()).toBe('a');
    const second = observed(conn);
    await until('the second', () => second.bytes.length === 1);
    expect(second.bytes.toString()).toBe('b');
  });

  it('F6: loses nothing when a subscriber leaves within next', async () => {
    const { conn, remote } = await harness.open({ read: { high: 2, low: 1 } });
    const taken: string[] = [];
    conn.pipe(take(1)).subscribe((chunk) => taken.push(chunk.toString()));
    remote.send('abcdef');
    await until('the first chunk', () => taken.length === 1);
    const rest = observed(conn);
    await until('the rest', () => taken.join('').length + rest.bytes.length === 6);
    expect(taken.join('') + rest.bytes.toString()).toBe('abcdef');
  });

  it('F6: has bytes that were given back in front of those that come', async () => {
    const { conn, remote } = await harness.open();
    const first = observed(conn);
    remote.send('abc');
    await until('three bytes', () => first.bytes.length === 3);
    first.unsubscribe();
    expect(conn.unread(first.bytes.subarray(1))).toBe(true);
    remote.send('d');
    const second = observed(conn);
    await until('three bytes more', () => second.bytes.length === 3);
    expect(second.bytes.toString()).toBe('bcd');
  });

  it('frames lines wherever they were cut', async () => {
    const { conn, remote } = await harness.open({ read: { high: 3, low: 1 } });
    const got: string[] = [];
    conn.pipe(lines()).subscribe((line) => got.push(line));
    remote.send('one\ntwo\r\nthree\n');
    await until('three lines', () => got.length === 3);
    expect(got).toEqual(['one', 'two', 'three']);
  });

  it('F6: switches from lines to lengths without a gap', async () => {
    const { conn, remote } = await harness.open();
    const got: string[] = [];
    concat(
      conn.pipe(lines(), take(1)),
      conn.pipe(
        lengthPrefixed(),
        take(1),
        map((frame) => frame.toString()),
      ),
      conn.pipe(
        fixedLength(2),
        take(1),
        map((frame) => frame.toString()),
      ),
    ).subscribe((frame) => got.push(frame));
    remote.send(
      Buffer.concat([Buffer.from('line\n'), Buffer.from([0, 0, 0, 3]), Buffer.from('abcde')]),
    );
    await until('three frames', () => got.length === 3);
    expect(got).toEqual(['line', 'abc', 'de']);
  });

  it('T6: completes after the last byte', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    remote.send('last');
    remote.end();
    await until('the end', () => seen.log.length > 0);
    expect([seen.bytes.toString(), ...seen.log]).toEqual(['last', 'C']);
  });

  it('completes without a byte', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    remote.end();
    await until('the end', () => seen.log.length > 0);
    expect([seen.bytes.length, ...seen.log]).toEqual([0, 'C']);
  });

  it('T6: completes once', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    remote.send('x');
    remote.end();
    await until('the end', () => seen.log.length > 0);
    await settled();
    conn.destroy();
    await settled();
    expect(seen.log).toEqual(['C']);
  });

  it('keeps bytes and the end for a subscriber that comes after both', async () => {
    const { conn, remote } = await harness.open();
    remote.send('waiting');
    remote.end();
    await settled();
    const seen = observed(conn);
    await until('the end', () => seen.log.length > 0);
    expect([seen.bytes.toString(), ...seen.log]).toEqual(['waiting', 'C']);
  });

  it('completes a subscriber that comes after the end', async () => {
    const { conn, remote } = await harness.open();
    const first = observed(conn);
    remote.end();
    await until('the end', () => first.log.length > 0);
    const late = observed(conn);
    expect(late.log).toEqual(['C']);
  });

  it('gives each of two readers in a row its part, and the second the end', async () => {
    const { conn, remote } = await harness.open();
    const got: string[][] = [];
    concat(conn.pipe(lines(), take(1)), conn.pipe(lines()))
      .pipe(toArray())
      .subscribe((all) => got.push(all));
    remote.send('a\nb\nc\n');
    remote.end();
    await until('the end', () => got.length > 0);
    expect(got).toEqual([['a', 'b', 'c']]);
  });

  it('reports of the end of the input before it completes', async () => {
    const { conn, remote } = await harness.open();
    const log = events(conn);
    const order: string[] = [];
    conn.events.subscribe(({ type }) => order.push(type));
    conn.subscribe({ complete: () => order.push('complete') });
    remote.end();
    await until('the end', () => order.includes('complete'));
    expect(order.slice(0, 2)).toEqual(['eof', 'complete']);
    expect(log.filter((type) => type === 'eof')).toHaveLength(1);
  });
}
