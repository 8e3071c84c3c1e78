import { Subject, concat, from, of, take } from 'rxjs';
import type { LibeventError } from '../../lib/common/LibeventError';
import { frames, type FramesConfig } from '../../lib/framing/frames';
import { lines } from '../../lib/framing/lines';
import type { FrameParser } from '../../lib/framing/ParsedDecoder';
import { FakeConnection } from './FakeConnection';
import { recordText } from './recordText';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A length of one byte, then that many bytes. */
const counted: FrameParser<string> = (buffer) => {
  const end = 1 + (buffer[0] as number);
  return buffer.length < end ? undefined : [buffer.toString('latin1', 1, end), end];
};

function run(parse: FrameParser<unknown>, chunks: string[], config?: FramesConfig): unknown[] {
  const seen: unknown[] = [];
  from(chunks.map(bytes))
    .pipe(frames(parse, config))
    .subscribe({
      next: (frame) => seen.push(frame),
      error: (error: LibeventError) =>
        seen.push('code' in error ? error.code : (error as Error).message),
      complete: () => seen.push('|'),
    });
  return seen;
}

describe('frames of a parser', () => {
  it('finds frames wherever the bytes are cut, and asks only when there are some', () => {
    const asked: number[] = [];
    const parse: FrameParser<string> = (buffer) => {
      asked.push(buffer.length);
      return counted(buffer);
    };
    expect(run(parse, ['\x02a', 'b\0', '\x01', 'c'])).toEqual(['ab', '', 'c', '|']);
    expect(asked).toEqual([2, 4, 1, 1, 2]);
  });

  it('gives unused bytes back, byte for byte', () => {
    const connection = new FakeConnection([bytes('\x02ab\x01'), bytes('cline\n')]);
    const seen = recordText(
      concat(connection.pipe(frames(counted), take(2)), connection.pipe(lines())),
    );
    connection.run();
    expect(seen).toEqual(['ab', 'c', 'line']);
  });

  it('fails with ERR_FRAME_TRUNCATED for a tail', () => {
    expect(run(counted, ['\x01a\x02b'])).toEqual(['a', 'ERR_FRAME_TRUNCATED']);
  });

  it('fails with ERR_FRAME_TOO_LONG beyond maxLength, and not at it', () => {
    const never: FrameParser<string> = (buffer) => (buffer.length > 99 ? ['', 1] : undefined);
    expect(run(counted, ['\x03abc'], { maxLength: 4 })).toEqual(['abc', '|']);
    expect(run(counted, ['\x04abcd'], { maxLength: 4 })).toEqual(['ERR_FRAME_TOO_LONG']);
    expect(run(never, ['abc'], { maxLength: 4 })).toEqual(['ERR_FRAME_TRUNCATED']);
    expect(run(never, ['abc', 'd'], { maxLength: 4 })).toEqual(['ERR_FRAME_TOO_LONG']);
  });

  it('fails with what the parser throws', () => {
    const parse: FrameParser<string> = (buffer) => {
      throw new Error(`no frame of ${String(buffer.length)}`);
    };
    expect(run(parse, ['x'])).toEqual(['no frame of 1']);
  });

  it.each<[string, unknown, RegExp]>([
    ['no array', 'x', /must return \[frame, bytesUsed\] or undefined/],
    ['null', null, /must return/],
    ['an undefined frame', [undefined, 1], /must return/],
    ['no bytes', ['x', 0], /must be from 1 to the 3 bytes it was given, got 0/],
    ['more bytes than there are', ['x', 4], /got 4/],
    ['part of a byte', ['x', 1.5], /got 1.5/],
    ['no number', ['x'], /got undefined/],
  ])('fails when the parser returns %s', (_, result, message) => {
    const [seen] = run((buffer) => (buffer.length > 0 ? result : 0) as never, ['abc']);
    expect(seen).toMatch(message);
  });

  it('loses nothing when the memory of a frame is given away', () => {
    const source = new Subject<Buffer>();
    const seen: string[] = [];
    source.pipe(frames((buffer) => [buffer.subarray(0, 1), 1])).subscribe((frame) => {
      seen.push(frame.toString());
      structuredClone(frame.buffer, { transfer: [frame.buffer as ArrayBuffer] });
    });
    source.next(Buffer.from('abc'));
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('makes each subscription its own', () => {
    const operator = frames(counted);
    const source = of(bytes('\x01'), bytes('a'));
    expect([recordText(source.pipe(operator)), recordText(source.pipe(operator))]).toEqual([
      ['a', '|'],
      ['a', '|'],
    ]);
  });

  it('refuses what is no parser, and options out of bounds', () => {
    expect(() => frames(1 as never)).toThrow(TypeError);
    expect(() => frames(counted, { maxLength: 0 })).toThrow(RangeError);
  });
});
