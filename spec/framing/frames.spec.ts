import * as fc from 'fast-check';
import { concat, merge, Observable, of, Subject, take, tap } from 'rxjs';
import { currentSource, enterSource, leaveSource } from '../../lib/flow/currentSource';
import { hold } from '../../lib/flow/hold';
import type { Release } from '../../lib/flow/Release';
import { Source } from '../../lib/flow/Source';
import type { FrameDecoder } from '../../lib/framing/FrameDecoder';
import { frames } from '../../lib/framing/frames';
import { FramingError } from '../../lib/framing/FramingError';
import { lengthPrefixed } from '../../lib/framing/lengthPrefixed';
import { lines } from '../../lib/framing/lines';
import { cutAt, places } from './chunked';
import { FakeConnection } from './FakeConnection';

import { record } from './record';

const bytes = (text: string): Buffer => Buffer.from(text);

describe('frames', () => {
  it('switches protocols between two frames', () => {
    const connection = new FakeConnection([bytes('HELLO\r\n\0\0'), bytes('\0\x02ab\0\0\0\x01c')]);
    const seen = record(
      concat(connection.pipe(lines(), take(1)), connection.pipe(lengthPrefixed(), take(2))),
    );
    connection.run();
    expect(seen).toEqual(['HELLO', 'ab', 'c', '|']);
  });

  it('gives back bytes of several chunks in one piece', () => {
    const connection = new FakeConnection([bytes('a'), bytes('b'), bytes('c')]);
    const subscription = connection.pipe(lines()).subscribe();
    connection.run();
    subscription.unsubscribe();
    expect(connection.returned.map(String)).toEqual(['abc']);
  });

  it('gives nothing back when nothing is unused', () => {
    const connection = new FakeConnection([bytes('a\n')]);
    record(connection.pipe(lines(), take(1)));
    connection.run();
    expect(connection.returned).toEqual([]);
  });

  it('gives nothing back to a source without a way back', () => {
    const connection = new FakeConnection([bytes('a\nb\n')], false);
    expect(() => {
      record(connection.pipe(lines(), take(1)));
      connection.run();
    }).not.toThrow();
    expect(connection.left).toHaveLength(0);
  });

  it('does not mix the bytes of two connections', () => {
    const [left, right] = [new FakeConnection([bytes('a')]), new FakeConnection([bytes('b\nc')])];
    const both = new Observable<Buffer>((subscriber) => {
      subscriber.add(left.subscribe(subscriber));
      subscriber.add(
        right.subscribe((chunk) => {
          subscriber.next(chunk);
        }),
      );
    });
    const seen = record(both.pipe(lines(), take(1)));
    left.run();
    right.run();
    expect(seen).toEqual(['ab', '|']);
    expect([left.returned, right.returned]).toEqual([[], []]);
  });

  it('gives an unfinished frame back before it passes an error on', () => {
    const connection = new FakeConnection([bytes('a\nb')]).endWith(new Error('timeout'));
    const log: string[] = [];
    connection.pipe(lines()).subscribe({
      next: (line) => log.push(line),
      error: (error: Error) => log.push(`${error.message}, left ${connection.left.toString()}`),
    });
    connection.run();
    expect(log).toEqual(['a', 'timeout, left b']);
  });

  it('drops the bytes when it fails itself, and unsubscribes first', () => {
    const connection = new FakeConnection([bytes('a\nbbbbbb\nc\n'), bytes('d\n')]);
    const log: unknown[] = [];
    connection.pipe(lines({ maxLength: 4 })).subscribe({
      next: (line) => log.push(line),
      error: (error: FramingError) => log.push(error.code, connection.subscribed),
    });
    connection.run();
    expect(log).toEqual(['a', 'ERR_FRAME_TOO_LONG', false]);
    expect(connection.returned).toEqual([]);
    expect(connection.left.toString()).toBe('d\n');
  });

  it('holds the end back until the frames in front of it have gone out', () => {
    for (const error of [undefined, new FramingError('ERR_FRAME_LENGTH', 'end', { length: 0 })]) {
      const connection = new FakeConnection();
      // The end comes in the midst of the held frames.
      const ending = new Observable<Buffer>((subscriber) =>
        connection.subscribe((chunk) => {
          subscriber.next(chunk);
          if (error === undefined) subscriber.complete();
          else subscriber.error(error);
        }),
      );
      let release: Release | undefined;
      const seen = record(
        ending.pipe(
          lines(),
          tap(() => (release = hold())),
        ),
      );
      connection.arrive(bytes('a\nb\ntail')).run();
      expect(seen).toEqual(['a']);
      release?.();
      connection.run();
      expect(seen).toEqual(['a', 'b']);
      release?.();
      connection.run();
      if (error === undefined) expect(seen).toEqual(['a', 'b', 'tail', '|']);
      else expect(seen).toEqual(['a', 'b', '# ERR_FRAME_LENGTH end']);
    }
  });

  it('lets a held source complete when nothing waits', () => {
    const connection = new FakeConnection();
    const source = new Observable<Buffer>((subscriber) =>
      connection.subscribe((chunk) => {
        subscriber.next(chunk);
        subscriber.complete();
      }),
    );
    const seen = record(
      source.pipe(
        lines(),
        tap(() => hold()),
      ),
    );
    connection.arrive(bytes('a\n')).run();
    expect(seen).toEqual(['a', '|']);
  });

  it('queues chunks of a source that does not know of the hold', () => {
    const connection = new FakeConnection([bytes('a\nb\nc')]);
    const foreign = new Subject<Buffer>();
    let release: Release | undefined;
    const sources: unknown[] = [];
    const seen = record(
      merge(connection, foreign).pipe(
        lines(),
        tap((line) => {
          sources.push(currentSource());
          if (line === 'a') release = hold();
        }),
      ),
    );
    connection.run();
    foreign.next(bytes('x\ny\n'));
    expect(seen).toEqual(['a']);
    release?.();
    connection.run();
    expect(seen).toEqual(['a', 'b', 'cx', 'y']);
    expect(sources).toEqual([connection.flow, connection.flow, undefined, undefined]);
  });

  it('takes its postponed work back when it is unsubscribed', () => {
    const connection = new FakeConnection([bytes('a\nb\n')]);
    let release: Release | undefined;
    const seen: string[] = [];
    const subscription = connection.pipe(lines()).subscribe((line) => {
      seen.push(line);
      release = hold();
    });
    connection.run();
    subscription.unsubscribe();
    release?.();
    connection.run();
    expect(seen).toEqual(['a']);
    expect(connection.left.toString()).toBe('b\n');
  });

  it('queues chunks that come from within next', () => {
    const chunks = new Subject<Buffer>();
    const seen: string[] = [];
    chunks.pipe(lines()).subscribe((line) => {
      seen.push(line);
      if (line === 'a') chunks.next(bytes('x\ny'));
      if (line === 'b') chunks.next(bytes('z\n'));
    });
    chunks.next(bytes('a\nb\nc'));
    expect(seen).toEqual(['a', 'b', 'cx', 'yz']);
  });

  it('gives back chunks that were still waiting in line', () => {
    const returned: string[] = [];
    const source = new Source({
      pause: () => undefined,
      resume: () => undefined,
      defer: () => undefined,
      giveBackOf: () => (rest) => returned.push(Buffer.from(rest).toString()),
    });
    const chunks = new Subject<Buffer>();
    const emit = (text: string): void => {
      const outer = enterSource(source);
      chunks.next(bytes(text));
      leaveSource(outer);
    };
    const seen: string[] = [];
    const subscription = chunks.pipe(lines()).subscribe((line) => {
      seen.push(line);
      emit('c\nd');
      subscription.unsubscribe();
    });
    emit('a\nb');
    expect([seen, returned]).toEqual([['a'], ['bc\nd']]);
  });

  it('keeps the order of two framers, one behind the other, under holds', () => {
    fc.assert(
      fc.property(places, fc.array(fc.boolean(), { maxLength: 20 }), (where, plan) => {
        const inner = bytes('\x01a\x02bc\x00\x03def\x01g\x01h\x02ij');
        const cut = [0, 1, 4, 9, inner.length];
        const outer = cut.slice(1).map((end, index) => {
          const part = inner.subarray(cut[index], end);
          return Buffer.concat([Buffer.of(part.length), part]);
        });
        const connection = new FakeConnection(cutAt(Buffer.concat(outer), where)).endWith();
        const prefixBytes = 1;
        let release: Release | undefined;
        const seen = record(
          connection.pipe(
            lengthPrefixed({ prefixBytes }),
            lengthPrefixed({ prefixBytes }),
            tap(() => {
              expect(connection.flow.held).toBe(false);
              if (plan.pop() === true) release = hold();
            }),
          ),
        );
        do {
          connection.run();
          release?.();
        } while (connection.turn());
        expect(seen).toEqual(['a', 'bc', '', 'def', 'g', 'h', 'ij', '|']);
      }),
    );
  });

  it('passes on what a decoder throws, and completes what it makes of a tail', () => {
    const decoder = (): FrameDecoder<number> => {
      let waiting: number[] = [];
      return {
        write: (chunk) => {
          waiting = [...chunk];
        },
        read: () => {
          const byte = waiting.shift();
          if (byte === 0) throw new TypeError('zero');
          return byte;
        },
        end: () => undefined,
        get unusedBytes() {
          return waiting.length;
        },
        takeUnused: () => Buffer.from(waiting),
      };
    };
    const seen: unknown[] = [];
    of(Buffer.of(1, 2), Buffer.of(3, 0, 4))
      .pipe(frames(decoder))
      .subscribe({ next: (value) => seen.push(value), error: (error) => seen.push(String(error)) });
    expect(seen).toEqual([1, 2, 3, 'TypeError: zero']);
  });
});
