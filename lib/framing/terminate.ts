import type { Chunk } from '../common/Chunk';
import { copyOf } from '../common/bytes';
import { checkBytes } from '../common/checkChunk';
import { LibeventError } from '../common/LibeventError';

/**
 * Makes the function that puts an end behind a value.
 *
 * A value which contains the end would be read as two frames, so that anyone with a say in the
 * value could send frames of their own: that is refused. So is a value that makes an earlier end
 * together with the real one, as `xa` does in front of `aa`.
 *
 * @param frame - how messages name the value
 * @param end - what is put behind it
 * @param mark - what must not come earlier: `end`, or the part of it that readers look for
 * @param encoding - of values that are strings
 */
export function terminate(
  frame: string,
  end: Buffer,
  mark: Buffer,
  encoding: 'utf8' | 'latin1',
): (value: Chunk) => string | Buffer {
  // Strings stay strings, which the connection writes as UTF-8, if their end is ASCII: any other
  // end might come out of the encoding of something else.
  const asText = encoding === 'utf8' && end.every((byte) => byte < 0x80);
  const endText = end.toString('latin1');
  const markText = mark.toString('latin1');
  const beforeMark = end.length - mark.length;
  return (value) => {
    if (asText && typeof value === 'string') {
      const text = value + endText;
      if (text.indexOf(markText) !== value.length + beforeMark)
        refuse(frame, Buffer.byteLength(value));
      return text;
    }
    const bytes =
      typeof value === 'string' ? Buffer.from(value, encoding) : copyOf(checkBytes(value));
    const whole = Buffer.concat([bytes, end]);
    if (whole.indexOf(mark) !== bytes.length + beforeMark) refuse(frame, bytes.length);
    return whole;
  };
}

function refuse(frame: string, length: number): never {
  throw new LibeventError('ERR_FRAME_DELIMITER', 'write', {
    detail: `a ${frame} of ${String(length)} bytes contains what ends a ${frame}`,
    length,
  });
}
