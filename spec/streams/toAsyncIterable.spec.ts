import { once } from 'node:events';
import { EMPTY, Observable, of, Subject, throwError } from 'rxjs';
import { lengthPrefixed, lines, sendTo, type Connection } from 'rxjs-libevent';
import { toAsyncIterable } from 'rxjs-libevent/streams';
import { Loopback } from '../flow-on-sockets/support/Loopback';
import { passesMeanwhile } from '../flow-on-sockets/support/passesMeanwhile';

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of source) values.push(value);
  return values;
}

describe('toAsyncIterable', () => {
  it('ends with an empty source', async () => {
    expect(await all(toAsyncIterable(EMPTY))).toEqual([]);
  });

  it('gives every value in order, also of a source that cannot be held', async () => {
    expect(await all(toAsyncIterable(of(1, 2, 3)))).toEqual([1, 2, 3]);
  });

  it('throws the error of the source once, after its values', async () => {
    const source = new Observable<number>((subscriber) => {
      subscriber.next(1);
      subscriber.error(new Error('broken'));
    });
    const iterator = toAsyncIterable(source)[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    await expect(iterator.next()).rejects.toThrow('broken');
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('throws an error that comes before any value', async () => {
    await expect(all(toAsyncIterable(throwError(() => new Error('broken'))))).rejects.toThrow(
      'broken',
    );
  });

  it('subscribes when the first value is asked for, and once for each loop', async () => {
    let subscriptions = 0;
    const source = new Observable<number>((subscriber) => {
      subscriptions += 1;
      subscriber.next(subscriptions);
      subscriber.complete();
    });
    const iterable = toAsyncIterable(source);
    const unused = iterable[Symbol.asyncIterator]();
    expect(subscriptions).toBe(0);
    expect(await all(iterable)).toEqual([1]);
    expect(await all(iterable)).toEqual([2]);
    await unused.return?.();
    expect(subscriptions).toBe(2);
  });

  it('answers several questions in order, and those that are open at the end', async () => {
    const source = new Subject<number>();
    const iterator = toAsyncIterable(source)[Symbol.asyncIterator]();
    const answers = [iterator.next(), iterator.next(), iterator.next()];
    source.next(1);
    source.next(2);
    source.complete();
    expect(await Promise.all(answers)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: true, value: undefined },
    ]);
  });

  it.each(['return', 'throw'] as const)('unsubscribes by %s, once', async (how) => {
    const source = new Subject<number>();
    const iterator = toAsyncIterable(source)[Symbol.asyncIterator]();
    const open = iterator.next();
    const ended = how === 'throw' ? iterator.throw!(new Error('enough')) : iterator.return!();
    if (how === 'throw') await expect(ended).rejects.toThrow('enough');
    else expect(await ended).toEqual({ done: true, value: undefined });
    expect(source.observed).toBe(false);
    expect(await open).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('unsubscribes when the body throws', async () => {
    const source = new Subject<number>();
    const body = async (): Promise<void> => {
      for await (const value of toAsyncIterable(source)) throw new Error(`no ${value}`);
    };
    const ended = body();
    source.next(1);
    await expect(ended).rejects.toThrow('no 1');
    expect(source.observed).toBe(false);
  });
});

describe('for await over a connection', () => {
  let loopback: Loopback;

  beforeEach(async () => {
    loopback = await Loopback.open();
  });

  afterEach(() => loopback.close());

  it('gives the bytes of the peer, and ends with them', async () => {
    const { conn, peer } = await loopback.pair();
    peer.end('Hello, World!');
    expect(Buffer.concat(await all(conn)).toString()).toBe('Hello, World!');
  });

  it('F7: holds while the body runs', async () => {
    const { conn, peer } = await loopback.pair();
    peer.write('one\n');
    const seen: string[] = [];
    for await (const line of toAsyncIterable(conn.pipe(lines()))) {
      seen.push(line);
      expect(conn.heldBy).toEqual(['for await']);
      if (seen.length === 1) {
        peer.end('two\nthree\n');
        await passesMeanwhile(loopback.base);
        expect(seen).toEqual(['one']);
      }
    }
    expect(seen).toEqual(['one', 'two', 'three']);
    expect(conn.held).toBe(false);
  });

  it('F6: gives back what a break did not use, to the byte', async () => {
    const { conn, peer } = await loopback.pair();
    peer.end('upgrade\n\0\0\0\x05fr\nme\0\0\0\x02ok');
    for await (const line of toAsyncIterable(conn.pipe(lines()))) {
      expect(line).toBe('upgrade');
      break;
    }
    const frames = await all(toAsyncIterable(conn.pipe(lengthPrefixed())));
    expect(frames.map(String)).toEqual(['fr\nme', 'ok']);
  });

  it('F6: leaves what has come meanwhile to the next reader', async () => {
    const { conn, peer } = await loopback.pair();
    peer.write('first');
    for await (const chunk of conn) {
      expect(chunk.toString()).toBe('first');
      peer.end('second');
      await passesMeanwhile(loopback.base);
      break;
    }
    expect(Buffer.concat(await all(conn)).toString()).toBe('second');
  });

  it('T4: keeps the output open for an answer to the last value', async () => {
    const { conn, peer } = await loopback.pair();
    const answered = once(peer, 'data');
    peer.end('question\n');
    for await (const line of toAsyncIterable(conn.pipe(lines()))) {
      // The input has ended meanwhile.
      await passesMeanwhile(loopback.base);
      conn.next(`answer to ${line}`);
    }
    expect(String(await answered)).toBe('answer to question');
    await once(peer.resume(), 'end');
  });

  it('throws what the connection fails with, after the bytes before it', async () => {
    const { conn, peer } = await loopback.pair();
    const seen: Buffer[] = [];
    peer.write('before');
    const loop = async (source: Connection): Promise<void> => {
      for await (const chunk of source) {
        seen.push(chunk);
        peer.resetAndDestroy();
      }
    };
    await expect(loop(conn)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(Buffer.concat(seen).toString()).toBe('before');
  });

  it('passes a hold from a sink on: each body waits for what it has written', async () => {
    const { conn, peer } = await loopback.pair();
    peer.end('a\nb\nc\n');
    let text = '';
    peer.on('data', (chunk) => (text += chunk.toString()));
    for await (const line of toAsyncIterable(conn.pipe(lines()))) {
      await new Promise<void>((resolve) => {
        of(`${line}!`).pipe(sendTo(conn)).subscribe({ complete: resolve });
      });
    }
    await once(peer, 'end');
    expect(text).toBe('a!b!c!');
  });
});
