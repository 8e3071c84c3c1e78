import { concat, from, map, type Observable, of, toArray } from 'rxjs';
import type { LibeventError } from '../../lib/common/LibeventError';
import { lines, type LinesConfig } from '../../lib/framing/lines';

type TextConfig = LinesConfig & { readonly encoding?: 'utf8' | 'latin1' };

function cut(config: TextConfig | undefined, ...chunks: (string | Uint8Array)[]): unknown[] {
  const seen: unknown[] = [];
  from(chunks)
    .pipe(
      map((chunk) => Buffer.from(chunk)),
      lines(config),
    )
    .subscribe({
      next: (line) => seen.push(line),
      error: (error: LibeventError) => seen.push(error),
      complete: () => seen.push(null),
    });
  return seen;
}

describe('lines', () => {
  it.each([
    ['any', ['', 'a', 'b', 'c\0d', 'e']],
    ['crlf', ['', 'a', '', '\rb', 'c\0d\re']],
    ['crlfStrict', ['\na', '\n\rb', 'c\0d\re']],
    ['lf', ['', 'a\r', '', '\rb\r', 'c\0d\re']],
    ['nul', ['\na\r\n\n\rb\r\nc', 'd\re']],
  ] as const)('ends lines in the style %s', (eol, expected) => {
    const text = '\na\r\n\n\rb\r\nc\0d\re';
    expect(cut({ eol }, text)).toEqual([...expected, null]);
    expect(cut({ eol }, ...text.split(/(?=[^])/u))).toEqual([...expected, null]);
  });

  it("ends lines with LF or CR LF, and takes 'any' to be one end across chunks", () => {
    expect(cut(undefined, 'a\nb\r\n')).toEqual(['a', 'b', null]);
    expect(cut({ eol: 'any' }, 'a\r', '\nb', '\n', '\n\r', 'c')).toEqual(['a', 'b', 'c', null]);
  });

  it('keeps a character whole whose bytes are cut between chunks', () => {
    const bytes = Buffer.from('é€😀\n');
    const single = [...bytes].map((byte) => Buffer.of(byte));
    expect(cut(undefined, ...single)).toEqual(['é€😀', null]);
  });

  it('decodes latin1, and gives Buffers', () => {
    expect(cut({ encoding: 'latin1' }, Buffer.of(0xe9, 10))).toEqual(['é', null]);
    const seen: Buffer[] = [];
    of(Buffer.from('a\nb'))
      .pipe(lines({ encoding: 'buffer' }))
      .subscribe((line) => seen.push(line));
    expect(seen).toEqual([Buffer.from('a'), Buffer.from('b')]);
  });

  it('has the type that the encoding asks for', () => {
    const text: Observable<string[]> = of(Buffer.from('a')).pipe(lines(), toArray());
    const raw: Observable<Buffer[]> = of(Buffer.from('a')).pipe(
      lines({ encoding: 'buffer' }),
      toArray(),
    );
    expect([text, raw]).toHaveLength(2);
  });

  it('keeps the ends if asked to, so that the bytes stay what they were', () => {
    const config = { keepEol: true, maxLength: 4, whenTooLong: 'split' } as const;
    expect(cut(config, 'ab\r\nabcdef\nabcdabcd\r\nx')).toEqual([
      'ab\r\n',
      'abcd',
      'ef\n',
      'abcd',
      'abcd\r\n',
      'x',
      null,
    ]);
  });

  it('has a limit of 65536 bytes, not counting the end', () => {
    const line = 'x'.repeat(65_536);
    expect(cut(undefined, `${line}\r\n`)).toEqual([line, null]);
    expect(cut(undefined, `a\n${line}x\r\nb\n`)).toEqual([
      'a',
      expect.objectContaining({
        name: 'LibeventError',
        code: 'ERR_FRAME_TOO_LONG',
        limit: 65_536,
        unit: 'bytes',
        message: 'read ERR_FRAME_TOO_LONG: a line is longer than maxLength, 65536 bytes',
      }),
    ]);
  });

  it('splits a line as libevent samples do, of 16384 bytes and more without an end', () => {
    const config = { maxLength: 16_384, whenTooLong: 'split' } as const;
    const [x, y] = ['x'.repeat(16_384), 'y'.repeat(16_384)];
    expect(cut(config, `${x}${y}z\n`)).toEqual([x, y, 'z', null]);
    expect(cut(config, x, y)).toEqual([x, y, null]);
    expect(cut(config, x, '\n', y.slice(1), '\n')).toEqual([x, y.slice(1), null]);
  });

  it.each([
    ['emit', ['a', 'b', null]],
    ['discard', ['a', null]],
    ['error', ['a', expect.objectContaining({ code: 'ERR_FRAME_TRUNCATED', length: 1 })]],
  ] as const)('does with a tail what whenUnfinished says: %s', (whenUnfinished, expected) => {
    expect(cut({ whenUnfinished }, 'a\nb')).toEqual(expected);
    expect(cut({ whenUnfinished }, 'a\n')).toEqual(['a', null]);
  });

  it('does not share anything among subscriptions', () => {
    const operator = lines();
    const chunks = concat(of(Buffer.from('a\nb')), of(Buffer.from('c\n')));
    const seen: string[] = [];
    const cutTwice = chunks.pipe(operator);
    cutTwice.subscribe((line) => {
      seen.push(line);
      if (line === 'a') cutTwice.subscribe((again) => seen.push(`again ${again}`));
    });
    expect(seen).toEqual(['a', 'again a', 'again bc', 'bc']);
  });

  it.each([
    [{ eol: 'cr' }, TypeError, /^eol must be one of 'any', 'crlf', .*, got cr$/],
    [{ encoding: 'ascii' }, TypeError, /^encoding must be one of 'utf8', 'latin1', 'buffer'/],
    [{ whenTooLong: 'drop' }, TypeError, /^whenTooLong must be one of 'error', 'split'/],
    [{ whenUnfinished: '' }, TypeError, /^whenUnfinished must be one of/],
    [{ keepEol: 1 }, TypeError, /^keepEol must be true or false, got 1$/],
    [{ keepEol: true, eol: 'any' }, TypeError, /^keepEol does not go with eol 'any'/],
    [{ maxLength: '1' }, TypeError, /^maxLength must be a number of bytes, got string$/],
    [{ maxLength: 0 }, RangeError, /^maxLength must be .* bytes from 1 to 268435456, got 0$/],
    [{ maxLength: 2 ** 28 + 1 }, RangeError, /^maxLength .* got 268435457$/],
    [{ maxLength: 1.5 }, RangeError, /^maxLength .* got 1\.5$/],
    [{ maxLength: NaN }, RangeError, /^maxLength .* got NaN$/],
    [null, TypeError, /^config must be an object, got null$/],
  ])('refuses %j at the call', (config, kind, message) => {
    const call = (): unknown => lines(config as unknown as TextConfig);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
