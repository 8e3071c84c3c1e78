import * as fc from 'fast-check';
import { concat, map, merge, of, Subject, take, tap } from 'rxjs';
import { currentSource, enterSource, leaveSource } from '../../lib/flow/Source';
import { hold } from '../../lib/flow/hold';
import type { Release } from '../../lib/flow/Source';
import { Source } from '../../lib/flow/Source';
import type { FrameDecoder } from '../../lib/framing/FrameDecoder';
import { frames } from '../../lib/framing/frames';
import { lengthPrefixed } from '../../lib/framing/lengthPrefixed';
import { lines } from '../../lib/framing/lines';
import { cutAt, places } from './chunked';
import { FakeConnection } from './FakeConnection';

import { recordText } from './recordText';

const bytes = (text: string): Buffer => Buffer.from(text);

/** Makes a frame of each byte. */
class ByteDecoder implements FrameDecoder<number> {
  reads = 0;
  private unused = Buffer.alloc(0);

  get unusedBytes(): number {
    return this.unused.length;
  }

  write(chunk: Buffer): void {
    this.unused = Buffer.from(chunk);
  }

  read(): number | undefined {
    this.reads += 1;
    const byte = this.unused[0];
    this.unused = this.unused.subarray(1);
    if (byte === 0) throw new TypeError('zero');
    return byte;
  }

  end(): undefined {
    return undefined;
  }

  takeUnused(): Buffer {
    return this.unused;
  }
}

describe('frames', () => {
  it('switches protocols between two frames', () => {
    const connection = new FakeConnection([bytes('HELLO\r\n\0\0'), bytes('\0\x02ab\0\0\0\x01c')]);
    const seen = recordText(
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
    recordText(connection.pipe(lines(), take(1)));
    connection.run();
    expect(connection.returned).toEqual([]);
  });

  it('gives nothing back to a source without a way back', () => {
    const connection = new FakeConnection([bytes('a\nb\n')], false);
    expect(() => {
      recordText(connection.pipe(lines(), take(1)));
      connection.run();
    }).not.toThrow();
    expect(connection.left).toHaveLength(0);
  });

  it('gives back to each connection its own bytes, and nothing where they are mixed', () => {
    const [left, right] = [new FakeConnection([bytes('a')]), new FakeConnection([bytes('b\nc')])];
    const both = merge(left, right).pipe(lines());
    const seen = recordText(both.pipe(take(1)));
    left.run();
    right.run();
    expect(seen).toEqual(['ab', '|']);
    expect([left.returned, right.returned.map(String)]).toEqual([[], ['c']]);
    left.arrive(bytes('d'));
    const subscription = both.subscribe();
    left.run();
    right.run();
    subscription.unsubscribe();
    expect([left.left, right.left]).toEqual([bytes(''), bytes('')]);
  });

  it('gives nothing back when an operator has changed some of the unused bytes', () => {
    const firstChanged = map((chunk: Buffer, index) => (index === 0 ? bytes('x') : chunk));
    const connection = new FakeConnection([bytes('a'), bytes('b')]);
    const subscription = connection.pipe(firstChanged, lines()).subscribe();
    connection.run();
    subscription.unsubscribe();
    expect(connection.returned).toEqual([]);
    connection.arrive(bytes('a'), bytes('b\nc'));
    const seen = recordText(connection.pipe(firstChanged, lines(), take(1)));
    connection.run();
    expect([seen, connection.returned.map(String)]).toEqual([['xb', '|'], ['c']]);
  });

  it('does not take bytes that were used long ago for those that are unused', () => {
    const secondChanged = map((chunk: Buffer, index) => (index === 1 ? bytes('x') : chunk));
    const connection = new FakeConnection([bytes('abcdef\n'), bytes('g'), bytes('h')]);
    const subscription = connection.pipe(secondChanged, lines()).subscribe();
    connection.run();
    subscription.unsubscribe();
    expect(connection.returned).toEqual([]);
  });

  it('takes no notice of empty chunks', () => {
    const connection = new FakeConnection([bytes('a'), bytes('')]);
    const changed = connection.pipe(
      map((chunk) => (chunk.length === 0 ? new Uint8Array() : chunk)),
    );
    const subscription = changed.pipe(lines()).subscribe();
    connection.run();
    subscription.unsubscribe();
    expect(connection.returned.map(String)).toEqual(['a']);
  });

  it.each([false, true])('asks nothing of a decoder that has given its bytes away (%j)', (held) => {
    const connection = new FakeConnection([bytes('ab')]);
    const decoder = new ByteDecoder();
    let release: Release | undefined;
    const subscription = connection.pipe(frames(() => decoder)).subscribe(() => {
      if (held) release = hold();
      else subscription.unsubscribe();
    });
    connection.run();
    if (held) subscription.unsubscribe();
    release?.();
    connection.run();
    expect(decoder.reads).toBe(1);
    expect(connection.left.toString()).toBe('b');
  });

  it('queues chunks of a source that does not know of the hold', () => {
    const connection = new FakeConnection([bytes('a\nb\nc')]);
    const foreign = new Subject<Buffer>();
    let release: Release | undefined;
    const sources: unknown[] = [];
    const seen = recordText(
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

  it('gives back chunks that were still waiting in line, by the latest way', () => {
    const returned: string[] = [];
    const source = new Source({
      pause: () => undefined,
      resume: () => undefined,
      defer: () => undefined,
      giveBackOf: (value) => (rest) => {
        returned.push(`${String(value)} returns ${Buffer.from(rest).toString()}`);
      },
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
      emit('c;d');
      subscription.unsubscribe();
    });
    emit('a\nb');
    expect([seen, returned]).toEqual([['a'], ['c;d returns bc;d']]);
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
        const seen = recordText(
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

  it('passes on what a decoder throws', () => {
    const seen: unknown[] = [];
    of(Buffer.of(1, 2), Buffer.of(3, 0, 4))
      .pipe(frames(() => new ByteDecoder()))
      .subscribe({ next: (value) => seen.push(value), error: (error) => seen.push(String(error)) });
    expect(seen).toEqual([1, 2, 3, 'TypeError: zero']);
  });
});
