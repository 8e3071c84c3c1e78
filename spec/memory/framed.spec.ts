import { firstValueFrom, of } from 'rxjs';
import {
  encodeDelimited,
  encodeFixedLength,
  encodeLengthPrefixed,
  encodeLines,
} from 'rxjs-libevent';

/** Bytes that say that they are more than they are. */
function longer(): Uint8Array {
  const bytes = Buffer.from('abc');
  Object.defineProperty(bytes, 'length', { value: 6 });
  return bytes;
}

/** Bytes that say that they are fewer. */
function shorter(): Uint8Array {
  const bytes = Buffer.from('abcdef');
  Object.defineProperty(bytes, 'length', { value: 3 });
  return bytes;
}

describe('memory: a frame is made of the bytes that are there', () => {
  const encoders = [
    [
      'encodeLengthPrefixed',
      encodeLengthPrefixed(),
      (text: string) => `\0\0\0${String.fromCharCode(text.length)}${text}`,
    ],
    ['encodeDelimited', encodeDelimited('|'), (text: string) => `${text}|`],
    ['encodeLines', encodeLines(), (text: string) => `${text}\r\n`],
  ] as const;

  it.each(encoders)('by %s', async (_name, encoder, frameOf) => {
    const made = (bytes: Uint8Array) =>
      firstValueFrom(of(bytes).pipe(encoder)).then(
        (frame) => Buffer.from(frame).toString('latin1'),
        (error: unknown) => (error as Error).name,
      );
    // Taken for what it is, or refused.
    expect([frameOf('abc'), 'TypeError']).toContain(await made(longer()));
    expect([frameOf('abcdef'), 'TypeError']).toContain(await made(shorter()));
  });

  it('by encodeFixedLength, which refuses what is not as long', async () => {
    const frame = (bytes: Uint8Array) =>
      firstValueFrom(of(bytes).pipe(encodeFixedLength(6))).then(
        (made) => Buffer.from(made).toString(),
        () => 'refused',
      );
    expect(await frame(longer())).toBe('refused');
  });
});
