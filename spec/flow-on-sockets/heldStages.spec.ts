import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Readable } from 'node:stream';
import type { HasEventTargetAddRemove } from 'rxjs/internal/observable/fromEvent';
import {
  asyncScheduler,
  catchError,
  concatMap,
  EMPTY,
  EmptyError,
  first,
  firstValueFrom,
  fromEvent,
  lastValueFrom,
  map,
  type Observable,
  repeat,
  Subject,
  take,
  takeUntil,
  throwError,
  toArray,
} from 'rxjs';
import {
  concatMapHeld,
  encodeLines,
  fixedLength,
  hold,
  holdable,
  lines,
  mergeMapHeld,
  observeOnHeld,
  sendTo,
} from 'rxjs-libevent';
import { Loopback } from './support/Loopback';
import { atRest } from './support/passesMeanwhile';
import { sha256, sha256Of } from './support/sha256';

/** RxJS has no words for the overloads of a stream's `on`. */
function asTarget(stream: Readable): HasEventTargetAddRemove<Buffer> {
  return stream as unknown as HasEventTargetAddRemove<Buffer>;
}

describe('Asynchronous stages on a connection', () => {
  let loopback: Loopback;

  beforeEach(async () => {
    loopback = await Loopback.open();
  });

  afterEach(() => loopback.close());

  it('mergeMapHeld keeps its source held while `concurrent` inners run', async () => {
    const { conn, peer } = await loopback.pair();
    const started = new Subject<string>();
    const gates: Subject<string>[] = [];
    const results = lastValueFrom(
      conn.pipe(
        lines(),
        mergeMapHeld((line) => {
          const gate = new Subject<string>();
          gates.push(gate);
          started.next(line);
          return gate;
        }, 2),
        toArray(),
      ),
    );
    const both = firstValueFrom(started.pipe(take(2), toArray()));
    peer.end('a\nb\nc\nd\n');
    await both;
    await turn();
    expect([gates.length, conn.heldBy]).toEqual([2, ['mergeMapHeld']]);
    for (const name of ['a', 'b', 'c', 'd']) {
      const gate = gates[['a', 'b', 'c', 'd'].indexOf(name)]!;
      gate.next(name);
      gate.complete();
      while (gates.length < Math.min(4, gates.indexOf(gate) + 3)) await turn();
    }
    await expect(results).resolves.toEqual(['a', 'b', 'c', 'd']);
  });

  it('concatMapHeld passes the hold of a slow reader on, and answers every line in order', async () => {
    const { conn, peer } = await loopback.pair();
    conn
      .pipe(
        lines(),
        concatMapHeld((line) => Promise.resolve(line.repeat(100))),
        encodeLines({ eol: 'lf' }),
        sendTo(conn),
      )
      .subscribe({ complete: () => conn.complete(), error: () => {} });
    const asked = Array.from({ length: 2000 }, (_, index) => `question ${index} ${'x'.repeat(80)}`);
    peer.end(asked.join('\n'));
    await new Promise<void>((resolve) => {
      conn.events.subscribe(({ type }) => {
        if (type === 'saturated') resolve();
      });
    });
    await atRest(loopback.base);
    expect([conn.saturated, conn.held]).toEqual([true, true]);
    let text = '';
    peer.setEncoding('latin1').on('data', (data: string) => (text += data));
    await once(peer, 'end');
    expect(text.split('\n').slice(0, -1)).toEqual(asked.map((line) => line.repeat(100)));
  });

  it('observeOnHeld crosses a scheduler with a bounded queue', async () => {
    const { conn, peer } = await loopback.pair();
    const sent = randomBytes(1 << 20);
    let most = 0;
    let inside = 0;
    const received = lastValueFrom(
      conn.pipe(
        map((chunk) => {
          inside += 1;
          most = Math.max(most, inside);
          return chunk;
        }),
        observeOnHeld(asyncScheduler, { limit: 4 }),
        map((chunk) => {
          inside -= 1;
          return chunk;
        }),
        toArray(),
      ),
    );
    peer.end(sent);
    expect(sha256(Buffer.concat(await received))).toBe(sha256(sent));
    expect(most).toBeLessThanOrEqual(5);
  });

  it('the subscription form takes a chunk, works, and takes the next, until the end', async () => {
    const { conn, peer } = await loopback.pair();
    const sent = randomBytes(1 << 20);
    let running = 0;
    const work = async (chunk: Buffer): Promise<Buffer> => {
      running += 1;
      expect(running).toBe(1);
      await turn();
      running -= 1;
      return chunk;
    };
    const endOfInput = (error: unknown): Observable<never> =>
      error instanceof EmptyError ? EMPTY : throwError(() => error);
    const received = lastValueFrom(
      conn.pipe(first(), concatMap(work), repeat(), catchError(endOfInput), toArray()),
    );
    peer.end(sent);
    expect(sha256(Buffer.concat(await received))).toBe(sha256(sent));
  });

  it('hold(reason) in a plain operator holds the connection until it is released', async () => {
    const { conn, peer } = await loopback.pair();
    const values: string[] = [];
    const seen = new Subject<() => void>();
    conn.pipe(fixedLength(1)).subscribe((byte) => {
      values.push(String(byte));
      seen.next(hold('at work'));
    });
    for (const expected of ['a', 'ab', 'abc']) {
      const next = firstValueFrom(seen);
      if (expected === 'a') peer.write('abc');
      const release = await next;
      expect([values.join(''), conn.heldBy]).toEqual([expected, ['at work']]);
      await atRest(loopback.base);
      expect(values.join('')).toBe(expected);
      release();
      release();
    }
  });

  it('holdable makes a Node stream wait for a connection', async () => {
    const { conn, peer } = await loopback.pair();
    const sent = randomBytes(32 << 20);
    let read = 0;
    const stream = new Readable({
      read() {
        this.push(read < sent.length ? sent.subarray(read, (read += 65536)) : null);
      },
    });
    const paused = once(stream, 'pause');
    holdable(
      fromEvent<Buffer>(asTarget(stream), 'data').pipe(takeUntil(fromEvent(stream, 'end'))),
      {
        pause: () => stream.pause(),
        resume: () => stream.resume(),
      },
    ).subscribe(conn);
    await paused;
    await atRest(loopback.base);
    expect([conn.saturated, stream.isPaused()]).toEqual([true, true]);
    expect(read).toBeLessThan(sent.length / 2);
    await expect(sha256Of(peer)).resolves.toBe(sha256(sent));
  });
});
