import * as fc from 'fast-check';
import {
  concat,
  EMPTY,
  from,
  map,
  NEVER,
  Observable,
  of,
  type OperatorFunction,
  throwError,
} from 'rxjs';
import { delimited } from '../../lib/framing/delimited';
import { encodeDelimited } from '../../lib/framing/encodeDelimited';
import { encodeFixedLength } from '../../lib/framing/encodeFixedLength';
import { encodeLengthPrefixed } from '../../lib/framing/encodeLengthPrefixed';
import { encodeLines, type EncodeLinesConfig } from '../../lib/framing/encodeLines';
import { fixedLength } from '../../lib/framing/fixedLength';
import type { Chunk } from '../../lib/common/Chunk';
import type { LibeventError } from '../../lib/common/LibeventError';
import { lengthPrefixed } from '../../lib/framing/lengthPrefixed';
import { lines } from '../../lib/framing/lines';
import { cutAt, places } from './chunked';
import { record } from '../support/record';

type Encoder = OperatorFunction<Chunk, string | Uint8Array>;

describe('Each encoder', () => {
  const view = new DataView(Uint8Array.from([0, 0x61, 0x62, 0]).buffer, 1, 2);
  it.each<[string, Encoder, string]>([
    ['encodeLines', encodeLines(), 'ab\r\n'],
    ['encodeDelimited', encodeDelimited(new Uint16Array([0x3b3b])), 'ab;;'],
    ['encodeLengthPrefixed', encodeLengthPrefixed({ prefixBytes: 1 }), '\x02ab'],
    ['encodeFixedLength', encodeFixedLength(2), 'ab'],
  ])('takes any typed array and DataView for its bytes: %s', (_, encoder, expected) => {
    for (const bytes of [view, new Uint16Array([0x6261])]) {
      const [encoded] = seen(of(bytes).pipe(encoder));
      expect(Buffer.from(encoded as Buffer).toString('latin1')).toBe(expected);
    }
  });
});

/** What it emits, then null or the code of its error, if it has ended. */
function seen<T>(source: Observable<T>): (T | string | null)[] {
  const { values, endings } = record(source);
  const codes = endings.map((end) => (end === 'complete' ? null : (end as LibeventError).code));
  return [...values, ...codes];
}

function encode(encoder: Encoder, ...values: (string | Uint8Array)[]): unknown[] {
  return seen(from(values).pipe(encoder));
}

function refuses(encoder: Encoder, value: string | Uint8Array): boolean {
  const [first] = encode(encoder, value);
  return typeof first === 'string' && first.startsWith('ERR_FRAME_');
}

describe.each([
  ['encodeLines', encodeLines({ eol: 'lf' }), lines({ encoding: 'buffer', eol: 'lf' })],
  ['encodeLines', encodeLines(), lines({ encoding: 'buffer' })],
  ['encodeLines', encodeLines({ eol: 'nul' }), lines({ encoding: 'buffer', eol: 'nul' })],
  [
    'encodeLines',
    encodeLines({ eol: 'crlfStrict' }),
    lines({ encoding: 'buffer', eol: 'crlfStrict' }),
  ],
  ['encodeDelimited', encodeDelimited('aa'), delimited('aa')],
  ['encodeDelimited', encodeDelimited('é'), delimited('é')],
  ['encodeLengthPrefixed', encodeLengthPrefixed(), lengthPrefixed()],
  [
    'encodeLengthPrefixed',
    encodeLengthPrefixed({ prefixBytes: 8, endian: 'little', includesPrefix: true }),
    lengthPrefixed({ prefixBytes: 8, endian: 'little', includesPrefix: true }),
  ],
  ['encodeFixedLength', encodeFixedLength(3), fixedLength(3)],
])('%s', (_, encoder: Encoder, framer) => {
  it('writes what its framer reads, or refuses', () => {
    const piece = fc.constantFrom('a', 'é', '\r', '\n', '\0', 'b', '€');
    const text = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
    const values = fc.array(fc.tuple(text, fc.boolean()), { maxLength: 8 });
    let sent = 0;
    fc.assert(
      fc.property(values, places, (pairs, where) => {
        const accepted = pairs
          .map(([value, raw]) => (raw ? new Uint8Array(Buffer.from(value)) : value))
          .filter((value) => !refuses(encoder, value));
        const bytes = encode(encoder, ...accepted)
          .slice(0, -1)
          .map((value) => Buffer.from(value as string));
        const read = seen(from(cutAt(Buffer.concat(bytes), where)).pipe(framer));
        expect(read.map(String)).toEqual([
          ...accepted.map((value) => Buffer.from(value).toString()),
          'null',
        ]);
        sent += accepted.length;
      }),
    );
    expect(sent).toBeGreaterThan(0);
  });

  it('neither emits nor ends by itself, passes errors on and unsubscribes', () => {
    expect(seen(NEVER.pipe(encoder))).toEqual([]);
    expect(seen(EMPTY.pipe(encoder))).toEqual([null]);
    const error = Object.assign(new Error(), { code: 'gone' });
    expect(
      seen(
        concat(
          of('xyz'),
          throwError(() => error),
        ).pipe(encoder),
      ),
    ).toHaveLength(2);
    const unsubscribed = jest.fn();
    new Observable<string>(() => unsubscribed).pipe(encoder).subscribe().unsubscribe();
    expect(unsubscribed).toHaveBeenCalledTimes(1);
  });
});

describe('encodeLines', () => {
  it('leaves strings strings, and makes Buffers of bytes and of latin1', () => {
    expect(encode(encodeLines(), 'é', Buffer.from('b'))).toEqual([
      'é\r\n',
      Buffer.from('b\r\n'),
      null,
    ]);
    expect(encode(encodeLines({ encoding: 'latin1', eol: 'lf' }), 'é')).toEqual([
      Buffer.of(0xe9, 10),
      null,
    ]);
  });

  it.each([
    [{ eol: 'crlf' }, 'a\nb'],
    [{ eol: 'crlf' }, 'a\n'],
    [{ eol: 'lf' }, 'a\r\n'],
    [{ eol: 'crlfStrict' }, 'a\r\nb'],
    [{ eol: 'nul' }, '\0'],
    [{ eol: 'lf', encoding: 'latin1' }, '\u010a'],
  ] as const)('refuses, with %j, to send %j as one line', (config, value) => {
    expect(encode(encodeLines(config), 'x', value)[1]).toBe('ERR_FRAME_DELIMITER');
    if (!('encoding' in config)) {
      expect(encode(encodeLines(config), Buffer.from(value))).toEqual(['ERR_FRAME_DELIMITER']);
    }
  });

  it('refuses options that are wrong at the call', () => {
    const wrong = (config: unknown) => () => encodeLines(config as EncodeLinesConfig);
    expect(wrong({ eol: 'any' })).toThrow("eol must be one of 'crlf', 'crlfStrict', 'lf', 'nul'");
    expect(wrong({ encoding: 'buffer' })).toThrow(TypeError);
    expect(wrong(null)).toThrow(TypeError);
  });
});

describe('encodeDelimited', () => {
  it('refuses a value that makes a delimiter together with the real one', () => {
    expect(encode(encodeDelimited('aa'), 'xa')).toEqual(['ERR_FRAME_DELIMITER']);
    expect(encode(encodeDelimited('aa'), 'ax')).toEqual(['axaa', null]);
    expect(encode(encodeDelimited('é'), 'xé')).toEqual(['ERR_FRAME_DELIMITER']);
  });

  it('refuses options that are wrong at the call', () => {
    expect(() => encodeDelimited('')).toThrow(RangeError);
    expect(() => encodeDelimited(';', { encoding: 'hex' as 'utf8' })).toThrow(TypeError);
  });
});

describe('encodeLengthPrefixed', () => {
  it.each([
    [{ prefixBytes: 1 }, 255, 'ff'],
    [{ prefixBytes: 1, includesPrefix: true }, 254, 'ff'],
    [{ prefixBytes: 2, endian: 'little' }, 65_535, 'ffff'],
    [{ prefixBytes: 4, endian: 'little', maxLength: 258 }, 258, '02010000'],
    [{ prefixBytes: 8, maxLength: 258 }, 258, '0000000000000102'],
    [{ prefixBytes: 8, endian: 'little', maxLength: 258 }, 258, '0201000000000000'],
  ] as const)('writes %j up to %i bytes and no more', (config, most, prefix) => {
    const [frame] = encode(encodeLengthPrefixed(config), Buffer.alloc(most)) as [Buffer];
    expect(frame.toString('hex', 0, config.prefixBytes)).toBe(prefix);
    expect(frame).toHaveLength(config.prefixBytes + most);
    const above = Buffer.alloc(most + 1);
    expect(encode(encodeLengthPrefixed(config), above)).toEqual(['ERR_FRAME_TOO_LONG']);
  });

  it('counts the bytes of a string, not its characters', () => {
    expect(encode(encodeLengthPrefixed({ prefixBytes: 1 }), 'é')).toEqual([
      Buffer.of(2, 0xc3, 0xa9),
      null,
    ]);
  });
});

describe('encodeFixedLength', () => {
  it('lets pass what has the length, and says what has not', () => {
    const bytes = Buffer.from('abc');
    expect(encode(encodeFixedLength(3), bytes, 'aé')).toEqual([bytes, Buffer.from('aé'), null]);
    expect(encode(encodeFixedLength(3), 'ab')).toEqual(['ERR_FRAME_LENGTH']);
    expect(encode(encodeFixedLength(3), 'abcd')).toEqual(['ERR_FRAME_LENGTH']);
    expect(() => encodeFixedLength(0)).toThrow(RangeError);
  });

  it('names the figures', () => {
    const seen: unknown[] = [];
    of('ab')
      .pipe(
        encodeFixedLength(3),
        map((value) => value.length),
      )
      .subscribe({ error: (error) => seen.push(error) });
    expect(seen).toEqual([
      expect.objectContaining({
        code: 'ERR_FRAME_LENGTH',
        length: 2,
        limit: 3,
        message: 'write ERR_FRAME_LENGTH: a frame has 2 bytes and needs 3 bytes',
      }),
    ]);
  });
});
