import { from, map } from 'rxjs';
import type { LibeventError } from '../../lib/common/LibeventError';
import { fixedLength } from '../../lib/framing/fixedLength';
import { lengthPrefixed } from '../../lib/framing/lengthPrefixed';
import type { LengthPrefixConfig } from '../../lib/framing/LengthPrefix';

function cut(config: LengthPrefixConfig | undefined, ...chunks: string[]): string[] {
  const seen: string[] = [];
  from(chunks)
    .pipe(
      map((hex) => Buffer.from(hex, 'hex')),
      lengthPrefixed(config),
    )
    .subscribe({
      next: (frame) => seen.push(frame.toString('hex')),
      error: (error: LibeventError) => seen.push(error.message),
    });
  return seen;
}

describe('lengthPrefixed', () => {
  it('reads four bytes, the highest first, which do not count themselves', () => {
    expect(cut(undefined, '00000002abcd00000000000000', '01ef')).toEqual(['abcd', '', 'ef']);
  });

  it.each([
    [{ prefixBytes: 1 }, '02abcd'],
    [{ prefixBytes: 2, endian: 'little' }, '0200abcd'],
    [{ prefixBytes: 2, includesPrefix: true }, '0004abcd'],
    [{ prefixBytes: 4, endian: 'little', includesPrefix: true }, '06000000abcd'],
    [{ prefixBytes: 8 }, '0000000000000002abcd'],
    [{ prefixBytes: 8, endian: 'little' }, '0200000000000000abcd'],
  ] as const)('reads %j', (config, hex) => {
    expect(cut(config, hex)).toEqual(['abcd']);
  });

  it('has a limit of 1048576 bytes', () => {
    expect(cut(undefined, '00100000')).toEqual([
      'read ERR_FRAME_TRUNCATED: the input ended after 4 bytes of a frame of 1048580 bytes',
    ]);
    expect(cut(undefined, '00100001')).toEqual([
      'read ERR_FRAME_TOO_LONG: a frame of 1048577 bytes is longer than 1048576 bytes',
    ]);
  });

  it('is an error when the source ends within a frame or a prefix', () => {
    expect(cut({ prefixBytes: 2 }, '0001ab0003ab')).toEqual([
      'ab',
      'read ERR_FRAME_TRUNCATED: the input ended after 3 bytes of a frame of 5 bytes',
    ]);
    expect(cut(undefined, '0000')).toEqual([
      'read ERR_FRAME_TRUNCATED: the input ended after 2 bytes of a length prefix of 4 bytes',
    ]);
  });

  it.each([
    [{ prefixBytes: 3 }, TypeError, 'prefixBytes must be one of 1, 2, 4, 8, got 3'],
    [{ endian: 'BE' }, TypeError, "endian must be one of 'big', 'little', got BE"],
    [{ includesPrefix: 0 }, TypeError, 'includesPrefix must be true or false, got 0'],
    [{ maxLength: 0 }, RangeError, 'maxLength must be a whole number of bytes from 1 to 268435456'],
    [null, TypeError, 'config must be an object'],
  ])('refuses %j at the call', (config, kind, message) => {
    const call = (): unknown => lengthPrefixed(config as unknown as LengthPrefixConfig);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});

describe('fixedLength', () => {
  it('is an error when the source ends within a frame', () => {
    const seen: string[] = [];
    from([Buffer.from('abcd')])
      .pipe(fixedLength(3))
      .subscribe({
        next: (frame) => seen.push(frame.toString()),
        error: (error: LibeventError) => seen.push(error.message),
      });
    expect(seen).toEqual([
      'abc',
      'read ERR_FRAME_TRUNCATED: the input ended after 1 bytes of a frame of 3 bytes',
    ]);
  });

  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 28 + 1])('refuses %d at the call', (length) => {
    expect(() => fixedLength(length)).toThrow(RangeError);
  });

  it('refuses what is not a number', () => {
    expect(() => fixedLength('3' as unknown as number)).toThrow(TypeError);
  });
});
