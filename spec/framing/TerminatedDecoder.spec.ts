import * as fc from 'fast-check';
import { EOL_TERMINATORS, type EolStyle } from '../../lib/framing/EolStyle';
import type { LibeventError } from '../../lib/common/LibeventError';
import { TerminatedDecoder, type TerminatedRules } from '../../lib/framing/TerminatedDecoder';
import { type Terminator, terminatorOf } from '../../lib/framing/Terminator';
import { TextWindow } from '../../lib/framing/TextWindow';
import { arbitraryBytes, cutAt, places } from './chunked';

type Options = Omit<TerminatedRules<unknown>, 'terminator' | 'decode' | 'wholeCharacters'>;

const OPTIONS: Options = {
  keep: false,
  maxLength: 1000,
  whenTooLong: 'error',
  whenUnfinished: 'emit',
};

const STYLES: Record<EolStyle, RegExp> = {
  any: /[\r\n]+/g,
  crlf: /\r?\n/g,
  crlfStrict: /\r\n/g,
  lf: /\n/g,
  nul: /\0/g,
};

/** What the whole input makes, said as plainly as possible. Bytes are latin1 characters here. */
function model(input: Buffer, end: RegExp, options: Options): string[] {
  const { keep, maxLength, whenTooLong, whenUnfinished } = options;
  const text = input.toString('latin1');
  const frames: string[] = [];
  let from = 0;
  const cut = (content: string): string | undefined => {
    let rest = content;
    while (rest.length > maxLength) {
      if (whenTooLong === 'error') {
        frames.push('ERR_FRAME_TOO_LONG');
        return undefined;
      }
      frames.push(rest.slice(0, maxLength));
      rest = rest.slice(maxLength);
    }
    return rest;
  };
  for (const match of text.matchAll(end)) {
    const content = cut(text.slice(from, match.index));
    if (content === undefined) return frames;
    frames.push(keep ? content + match[0] : content);
    from = match.index + match[0].length;
  }
  const tail = cut(text.slice(from));
  if (tail === undefined || tail === '') return frames;
  if (whenUnfinished === 'emit') frames.push(tail);
  if (whenUnfinished === 'error') frames.push('ERR_FRAME_TRUNCATED');
  return frames;
}

function decoderOf(
  terminator: Terminator,
  encoding: 'utf8' | 'latin1' | 'buffer',
  options: Options,
  windowBytes = 16,
): TerminatedDecoder<string | Buffer> {
  const text = encoding === 'buffer' ? undefined : encoding;
  const rules: TerminatedRules<string | Buffer> = {
    ...options,
    terminator,
    wholeCharacters: text === 'utf8',
    decode: (input, from, to) =>
      text === undefined ? input.viewUsed(from, to) : input.used.toString(text, from, to),
  };
  if (text === undefined || !TextWindow.suits(terminator, text)) {
    return new TerminatedDecoder(rules);
  }
  const size = Math.min(windowBytes, options.maxLength);
  return new TerminatedDecoder(rules, new TextWindow(terminator, text, size, options.keep));
}

function decodeAll(decoder: TerminatedDecoder<string | Buffer>, chunks: Buffer[]): string[] {
  const frames: string[] = [];
  const pull = (next: () => string | Buffer | undefined): void => {
    for (let frame = next(); frame !== undefined; frame = next()) {
      frames.push(typeof frame === 'string' ? frame : frame.toString('latin1'));
    }
  };
  try {
    for (const chunk of chunks) {
      decoder.write(chunk);
      pull(() => decoder.read());
    }
    pull(() => decoder.end());
  } catch (error) {
    frames.push((error as LibeventError).code);
  }
  return frames;
}

const options = fc.record({
  keep: fc.boolean(),
  maxLength: fc.integer({ min: 1, max: 40 }),
  whenTooLong: fc.constantFrom('error' as const, 'split' as const),
  whenUnfinished: fc.constantFrom('emit' as const, 'error' as const, 'discard' as const),
});

describe('TerminatedDecoder', () => {
  describe.each(Object.keys(STYLES) as EolStyle[])('with %s', (style) => {
    const input = arbitraryBytes([
      'a',
      'bcd',
      '\r',
      '\n',
      '\r\n',
      '\0',
      '\xe9',
      'xxxxxxxxxxxxxxxxxx',
    ]);
    it.each(['latin1', 'buffer'] as const)(
      'gives the frames of the model for any chunking, as %s',
      (encoding) => {
        fc.assert(
          fc.property(input, places, options, fc.nat(60), (bytes, where, some, windowBytes) => {
            const rules = { ...some, keep: some.keep && style !== 'any' };
            const decoder = decoderOf(EOL_TERMINATORS[style], encoding, rules, windowBytes + 1);
            expect(decodeAll(decoder, cutAt(bytes, where))).toEqual(
              model(bytes, STYLES[style], rules),
            );
          }),
          { numRuns: 400 },
        );
      },
    );

    it('decodes any bytes as UTF-8 line by line, whatever the chunking', () => {
      const broken = arbitraryBytes([
        'a',
        'é',
        '€',
        '😀',
        '\r\n',
        '\n',
        '\0',
        Buffer.of(0xe2, 0x82),
      ]);
      fc.assert(
        fc.property(broken, places, fc.nat(60), (bytes, where, windowBytes) => {
          const decoder = decoderOf(EOL_TERMINATORS[style], 'utf8', OPTIONS, windowBytes + 1);
          const expected = model(bytes, STYLES[style], OPTIONS);
          expect(decodeAll(decoder, cutAt(bytes, where))).toEqual(
            expected.map((line) => Buffer.from(line, 'latin1').toString('utf8')),
          );
        }),
      );
    });
  });

  it.each(['aa', 'aab', 'abab', '--', '\r\n\r\n'])(
    'finds the first delimiter %j for any chunking',
    (delimiter) => {
      const escaped = new RegExp(delimiter, 'g');
      const input = arbitraryBytes(['a', 'b', 'aa', 'ab', '-', '\r', '\n', '\r\n']);
      const encoding = fc.constantFrom('latin1' as const, 'buffer' as const, 'utf8' as const);
      fc.assert(
        fc.property(input, places, options, encoding, (bytes, where, rules, as) => {
          const decoder = decoderOf(terminatorOf(delimiter), as, rules);
          expect(decodeAll(decoder, cutAt(bytes, where))).toEqual(model(bytes, escaped, rules));
        }),
        { numRuns: 400 },
      );
    },
  );

  it('finds a delimiter that is not ASCII', () => {
    fc.assert(
      fc.property(arbitraryBytes(['a', 'é', '€', Buffer.of(0xc3)]), places, (bytes, where) => {
        const decoder = decoderOf(terminatorOf('é'), 'utf8', OPTIONS);
        const expected = model(bytes, /\xc3\xa9/g, OPTIONS);
        expect(decodeAll(decoder, cutAt(bytes, where))).toEqual(
          expected.map((frame) => Buffer.from(frame, 'latin1').toString('utf8')),
        );
      }),
    );
  });

  it('splits UTF-8 into pieces of whole characters, as long as they can be', () => {
    const text = fc.array(fc.constantFrom('a', 'é', '€', '😀'), { maxLength: 40 });
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 20 }), places, (characters, maxLength, where) => {
        const pieces: string[] = [];
        let piece = '';
        for (const character of characters) {
          if (Buffer.byteLength(piece + character) > maxLength) {
            pieces.push(piece);
            piece = '';
          }
          piece += character;
        }
        if (piece !== '') pieces.push(piece);
        const rules: Options = { ...OPTIONS, maxLength, whenTooLong: 'split' };
        const decoder = decoderOf(EOL_TERMINATORS.lf, 'utf8', rules);
        const chunks = cutAt(Buffer.from(characters.join('')), where);
        expect(decodeAll(decoder, chunks)).toEqual(pieces);
      }),
    );
  });

  it('splits bytes that are not UTF-8 in the same places for any chunking', () => {
    const broken = arbitraryBytes(['a', 'é', '😀', '\n', Buffer.of(0x80), Buffer.of(0xf0, 0x9f)]);
    fc.assert(
      fc.property(broken, fc.integer({ min: 1, max: 9 }), places, (bytes, maxLength, where) => {
        const rules: Options = { ...OPTIONS, maxLength, whenTooLong: 'split', keep: true };
        const whole = decodeAll(decoderOf(EOL_TERMINATORS.crlf, 'utf8', rules), [bytes]);
        const cut = decodeAll(decoderOf(EOL_TERMINATORS.crlf, 'utf8', rules), cutAt(bytes, where));
        expect(cut).toEqual(whole);
      }),
    );
  });

  it('splits at the limit where no character begins', () => {
    const rules: Options = { ...OPTIONS, maxLength: 4, whenTooLong: 'split' };
    const bytes = Buffer.concat([Buffer.alloc(9, 0x80), Buffer.from('\n')]);
    const lengths = decodeAll(decoderOf(EOL_TERMINATORS.lf, 'utf8', rules), [bytes]).map(
      (piece) => piece.length,
    );
    expect(lengths).toEqual([4, 4, 1]);
  });

  it('copies a line that comes byte by byte a few times only', () => {
    const allocate = jest.spyOn(Buffer, 'allocUnsafe');
    try {
      const decoder = decoderOf(EOL_TERMINATORS.lf, 'latin1', { ...OPTIONS, maxLength: 65_536 });
      let frames = 0;
      for (let count = 0; count < 65_536; count += 1) {
        decoder.write(Buffer.of(120));
        if (decoder.read() !== undefined) frames += 1;
      }
      expect(frames).toBe(0);
      decoder.write(Buffer.of(10));
      expect(decoder.read()).toHaveLength(65_536);
      expect(allocate.mock.calls.length).toBeLessThan(40);
    } finally {
      allocate.mockRestore();
    }
  });

  it('knows after every frame which bytes are unused', () => {
    const input = arbitraryBytes(['a', 'bcd', 'é', '\r', '\n', '\r\n', 'aaaaaaaaaaaaaaa']);
    const encoding = fc.constantFrom('utf8' as const, 'latin1' as const, 'buffer' as const);
    const style = fc.constantFrom('crlf' as const, 'crlfStrict' as const, 'lf' as const);
    fc.assert(
      fc.property(input, places, encoding, style, fc.nat(30), (bytes, where, as, eol, count) => {
        const rules: Options = { ...OPTIONS, keep: true, maxLength: 8, whenTooLong: 'split' };
        const decoder = decoderOf(EOL_TERMINATORS[eol], as, rules);
        const frames: string[] = [];
        let written = 0;
        for (const chunk of cutAt(bytes, where)) {
          if (frames.length === count) break;
          decoder.write(chunk);
          written += chunk.length;
          while (frames.length < count) {
            const frame = decoder.read();
            if (frame === undefined) break;
            frames.push(frame.toString(as === 'buffer' ? 'latin1' : as));
            const used = frames.reduce(
              (sum, text) => sum + Buffer.byteLength(text, as === 'utf8' ? 'utf8' : 'latin1'),
              0,
            );
            expect(decoder.unusedBytes).toBe(written - used);
          }
        }
        const used = Buffer.from(frames.join(''), as === 'utf8' ? 'utf8' : 'latin1');
        expect(Buffer.concat([used, decoder.takeUnused()])).toEqual(bytes.subarray(0, written));
      }),
      { numRuns: 400 },
    );
  });

  it("takes the whole end of 'any' that is there, and the rest of it later", () => {
    const decoder = decoderOf(EOL_TERMINATORS.any, 'latin1', OPTIONS);
    decoder.write(Buffer.from('a\r\n\nb'));
    expect(decoder.read()).toBe('a');
    expect(decoder.unusedBytes).toBe(1);
    expect(decoder.read()).toBeUndefined();
    decoder.write(Buffer.from('\r'));
    expect(decoder.read()).toBe('b');
    decoder.write(Buffer.from('\n\r'));
    expect(decoder.read()).toBeUndefined();
    expect(decoder.unusedBytes).toBe(0);
    decoder.write(Buffer.from('\nc\n'));
    expect(decoder.read()).toBe('c');
  });

  it.each([
    ['below', 'abc\r\n', ['abc']],
    ['at', 'abcd\r\n', ['abcd']],
    ['above', 'abcde\r\n', ['ERR_FRAME_TOO_LONG']],
  ])('takes the limit for what it is: %s', (_, text, expected) => {
    const bytes = Buffer.from(text);
    const rules: Options = { ...OPTIONS, maxLength: 4 };
    for (const where of [[], [1, 2, 3, 4, 5, 6], [4], [5]]) {
      const decoder = decoderOf(EOL_TERMINATORS.crlf, 'utf8', rules);
      expect(decodeAll(decoder, cutAt(bytes, where))).toEqual(expected);
    }
  });

  it('says at once that a line is too long, before its end has come', () => {
    const decoder = decoderOf(EOL_TERMINATORS.crlf, 'utf8', { ...OPTIONS, maxLength: 4 });
    decoder.write(Buffer.from('abcd\r'));
    expect(decoder.read()).toBeUndefined();
    decoder.write(Buffer.from('x'));
    expect(() => decoder.read()).toThrow('a line is longer than maxLength, 4 bytes');
  });

  it('does not keep a chunk alive for what is left of it', () => {
    const slab = Buffer.from(new ArrayBuffer(4096));
    slab.write('a\nbc');
    const decoder = decoderOf(EOL_TERMINATORS.lf, 'buffer', OPTIONS);
    decoder.write(slab.subarray(0, 4));
    decoder.read();
    expect(decoder.read()).toBeUndefined();
    const unused = decoder.takeUnused();
    expect(unused.toString()).toBe('bc');
    expect(unused.buffer).not.toBe(slab.buffer);
  });
});
