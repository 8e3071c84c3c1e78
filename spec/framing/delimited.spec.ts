import { from, map, of, toArray } from 'rxjs';
import { delimited } from '../../lib/framing/delimited';
import type { LibeventError } from '../../lib/common/LibeventError';

function cut(delimiter: string | Uint8Array, ...chunks: string[]): string[] {
  const seen: string[] = [];
  from(chunks)
    .pipe(
      map((chunk) => Buffer.from(chunk)),
      delimited(delimiter),
    )
    .subscribe((frame) => seen.push(frame.toString()));
  return seen;
}

describe('delimited', () => {
  it('cuts at a string and at bytes', () => {
    expect(cut(';', 'a;', 'bc', 'd;;e')).toEqual(['a', 'bcd', '', 'e']);
    expect(cut(Uint8Array.of(13, 10, 13, 10), 'a\r', '\n\r', '\nb\r\n')).toEqual(['a', 'b\r\n']);
  });

  it('lets the first delimiter count', () => {
    expect(cut('aa', 'xaaa')).toEqual(['x', 'a']);
    expect(cut('aa', 'x', 'a', 'a', 'a')).toEqual(['x', 'a']);
  });

  it('does not change with the bytes that it was given', () => {
    const delimiter = Buffer.from(';');
    const operator = delimited(delimiter, { encoding: 'latin1' });
    delimiter[0] = 0;
    const seen: string[] = [];
    of(Buffer.from('a;b'))
      .pipe(operator)
      .subscribe((frame) => seen.push(frame));
    expect(seen).toEqual(['a', 'b']);
  });

  it('keeps delimiters if asked to, and gives strings', () => {
    of(Buffer.from('é--b--'))
      .pipe(delimited('--', { encoding: 'utf8', keepDelimiter: true }), toArray())
      .subscribe((frames) => {
        expect(frames).toEqual(['é--', 'b--']);
      });
    expect.assertions(1);
  });

  it('says what is too long', () => {
    of(Buffer.from('abcde;'))
      .pipe(delimited(';', { maxLength: 4 }))
      .subscribe({
        error: (error: LibeventError) => {
          expect(error.message).toBe(
            'read ERR_FRAME_TOO_LONG: a frame is longer than maxLength, 4 bytes',
          );
        },
      });
    expect.assertions(1);
  });

  it('refuses a delimiter that is none, and options that are wrong', () => {
    expect(() => delimited('')).toThrow(RangeError);
    expect(() => delimited('x'.repeat(257))).toThrow(
      'delimiter: its length must be a whole number of bytes from 1 to 256, got 257',
    );
    expect(() => delimited(10 as unknown as string)).toThrow(TypeError);
    expect(() => delimited(';', { keepDelimiter: 'no' as unknown as boolean })).toThrow(TypeError);
    expect(() => delimited(';', { maxLength: -1 })).toThrow(RangeError);
    expect(() => delimited(';', null as unknown as { encoding: 'utf8' })).toThrow(TypeError);
  });
});
