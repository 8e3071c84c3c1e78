import { of } from 'rxjs';
import { serve } from 'rxjs-libevent';
import { chunkings, everyChunking } from 'rxjs-libevent/testing';
import { rot13 } from '../../samples/pipelines/rot13';
import { marbles } from './support/marbles';

const cuts = (input: string, pieces?: number): string[] =>
  [...chunkings(input, pieces === undefined ? {} : { pieces })].map((chunks) => chunks.join(' '));

describe('chunkings', () => {
  it('gives every way to cut the bytes, once', () => {
    expect(cuts('abc')).toEqual(['abc', 'a bc', 'ab c', 'a b c']);
    expect(new Set(cuts('abcdefghij')).size).toBe(2 ** 9);
    expect(cuts('a')).toEqual(['a']);
    expect(cuts('')).toEqual(['']);
  });

  it('gives those of so many pieces at most', () => {
    expect(cuts('abcd', 2)).toEqual(['abcd', 'a bcd', 'ab cd', 'abc d']);
    expect(cuts('x'.repeat(100), 3)).toHaveLength(1 + 99 + (99 * 98) / 2);
  });

  it('cuts characters in two', () => {
    expect([...chunkings('é')].map((chunks) => chunks.length)).toEqual([1, 2]);
  });

  it('refuses more than can be run', () => {
    expect(() => cuts('x'.repeat(17))).toThrow(
      new RangeError('17 bytes have 65536 chunkings, at most 32768 can be run: give pieces'),
    );
    expect(() => cuts('abc', 0)).toThrow(
      'pieces must be a whole number of pieces from 1 to 2147483647, got 0',
    );
  });
});

describe('everyChunking', () => {
  it('runs a test over all of them', () => {
    let runs = 0;
    everyChunking('Hi\nyou\n', (chunks) => {
      runs += 1;
      marbles(({ connection, expectOutput, expectClosed }) => {
        const conn = connection(chunks);
        of(conn).pipe(serve(rot13)).subscribe();
        expectOutput(conn).toBe('(x|)', { x: 'Uv\nlbh\n' });
        expectClosed(conn).toBe('|');
      });
    });
    expect(runs).toBe(64);
  });

  it('names the chunking that fails', () => {
    const test = (): void => {
      everyChunking('abc', (chunks) => {
        if (chunks.length === 2 && chunks[0]?.length === 2) throw new Error('wrong answer');
      });
    };
    expect(test).toThrow('with the input cut as "ab" "c": wrong answer');
  });

  it('fails a test over all chunkings that returns a promise', () => {
    expect(() => {
      everyChunking('ab', (chunks) => Promise.reject(new Error(chunks.join())));
    }).toThrow('everyChunking is synchronous, its body must not return a promise');
  });

  it('shows the line that has failed under a chunking', () => {
    const failing = ([first]: readonly Buffer[]) => {
      throw new Error(`${String(first)} differs`);
    };
    try {
      everyChunking('a', failing);
      throw new Error('has not failed');
    } catch (error) {
      const [first, second] = (error as Error).stack?.split('\n') ?? [];
      expect(first).toBe('MarbleError: with the input cut as "a": a differs');
      expect(second).toMatch(/at failing .*chunkings.spec.ts/);
    }
  });

  it('names what is no config of chunkings', () => {
    expect(() => {
      everyChunking('ab', (chunks) => chunks, null as never);
    }).toThrow(new TypeError('chunkings: config must be an object, got null'));
  });
});
