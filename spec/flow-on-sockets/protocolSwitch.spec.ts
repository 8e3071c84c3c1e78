import { randomBytes } from 'node:crypto';
import { concat, firstValueFrom, lastValueFrom, map, take, toArray } from 'rxjs';
import { encodeLengthPrefixed, fixedLength, lengthPrefixed, lines } from 'rxjs-libevent';
import { Loopback, type Ends } from './support/Loopback';

describe('A protocol that is switched on a connection', () => {
  let loopback: Loopback;
  let ends: Ends;

  beforeEach(async () => {
    loopback = await Loopback.open();
    ends = await loopback.pair();
  });

  afterEach(() => loopback.close());

  const frames = [randomBytes(10), Buffer.alloc(0), randomBytes(100_000)];
  const bytes = Buffer.concat([Buffer.from('hello\nworld\n'), ...framed(frames)]);

  function framed(values: readonly Buffer[]): Buffer[] {
    const result: Buffer[] = [];
    const encode = encodeLengthPrefixed();
    values.forEach((value) => {
      encode(concat([value])).subscribe((frame) => result.push(frame));
    });
    return result;
  }

  function switched(): Promise<string[]> {
    const { conn } = ends;
    return lastValueFrom(
      concat(
        conn.pipe(lines(), take(2)),
        conn.pipe(
          lengthPrefixed(),
          map((frame) => frame.toString('hex')),
        ),
      ).pipe(toArray()),
    );
  }

  const expected = ['hello', 'world', ...frames.map((frame) => frame.toString('hex'))];

  it('has every byte, when all come at once', async () => {
    ends.peer.end(bytes);
    await expect(switched()).resolves.toEqual(expected);
  });

  it.each([1, 5, 6, 11, 12, 13, 14, 26, 40])('has every byte, cut at %i', async (cut) => {
    const received = switched();
    ends.peer.write(bytes.subarray(0, cut));
    while (loopback.base.stats.receivedBytes < cut) await new Promise((go) => setImmediate(go));
    ends.peer.end(bytes.subarray(cut));
    await expect(received).resolves.toEqual(expected);
  });

  it('keeps what an unsubscribed reader has not used', async () => {
    const { conn, peer } = ends;
    peer.end('one\ntwo\nthree\nrest');
    const seen: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      seen.push(await firstValueFrom(conn.pipe(lines())));
    }
    seen.push(String(await firstValueFrom(conn.pipe(fixedLength(4)))));
    expect(seen).toEqual(['one', 'two', 'three', 'rest']);
  });

  it('finds what was unread in front', async () => {
    const { conn, peer } = ends;
    peer.write('body');
    const first = await firstValueFrom(conn);
    expect(conn.unread(first)).toBe(true);
    expect(conn.unread(Buffer.from('head '))).toBe(true);
    peer.end();
    const all = await lastValueFrom(conn.pipe(toArray()));
    expect(Buffer.concat(all).toString()).toBe('head body');
  });
});
