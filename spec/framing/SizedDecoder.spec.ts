import * as fc from 'fast-check';
import { LibeventError } from '../../lib/common/LibeventError';
import { LengthPrefix, type LengthPrefixConfig } from '../../lib/framing/LengthPrefix';
import { SizedDecoder } from '../../lib/framing/SizedDecoder';
import { cutAt, places } from './chunked';

function decoderOf(config: LengthPrefixConfig): SizedDecoder {
  const prefix = new LengthPrefix(config);
  return new SizedDecoder(prefix.bytes, (bytes, from) => prefix.sizeOf(bytes, from));
}

function decodeAll(decoder: SizedDecoder, chunks: Buffer[]): string[] {
  const frames: string[] = [];
  try {
    for (const chunk of chunks) {
      decoder.write(chunk);
      for (let frame = decoder.read(); frame !== undefined; frame = decoder.read()) {
        frames.push(frame.toString('hex'));
      }
    }
    decoder.end();
  } catch (error) {
    frames.push((error as LibeventError).code);
  }
  return frames;
}

/** Writes a prefix digit by digit. */
function prefixed(payload: Uint8Array, config: Required<LengthPrefixConfig>): Buffer {
  const { endian, includesPrefix, prefixBytes } = config;
  const length = payload.length + (includesPrefix ? prefixBytes : 0);
  const digits = length.toString(16).padStart(prefixBytes * 2, '0');
  const prefix = Buffer.from(digits, 'hex');
  return Buffer.concat([endian === 'big' ? prefix : prefix.reverse(), payload]);
}

const configs = fc.record({
  prefixBytes: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
  endian: fc.constantFrom('big' as const, 'little' as const),
  includesPrefix: fc.boolean(),
  maxLength: fc.constant(30),
});

describe('SizedDecoder', () => {
  it('gives the frames that were prefixed, for any chunking and any tail', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 12 });
    fc.assert(
      fc.property(configs, payloads, places, fc.nat(400), (config, frames, where, missing) => {
        const whole = frames.map((frame) => prefixed(frame, config));
        const all = Buffer.concat(whole);
        const bytes = all.subarray(0, all.length - Math.min(missing, all.length));
        const expected: string[] = [];
        let used = 0;
        for (const [index, frame] of whole.entries()) {
          if (used + frame.length > bytes.length) break;
          used += frame.length;
          expected.push(Buffer.from(frames[index] ?? []).toString('hex'));
        }
        if (used < bytes.length) expected.push('ERR_FRAME_TRUNCATED');
        expect(decodeAll(decoderOf(config), cutAt(bytes, where))).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('knows after every frame which bytes are unused', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 30 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(configs, payloads, places, fc.nat(12), (config, frames, where, count) => {
        const whole = frames.map((frame) => prefixed(frame, config));
        const bytes = Buffer.concat(whole);
        const decoder = decoderOf(config);
        let written = 0;
        let read = 0;
        for (const chunk of cutAt(bytes, where)) {
          if (read === count) break;
          decoder.write(chunk);
          written += chunk.length;
          while (read < count && decoder.read() !== undefined) read += 1;
        }
        const used = Buffer.concat(whole.slice(0, read));
        expect(decoder.unusedBytes).toBe(written - used.length);
        expect(Buffer.concat([used, decoder.takeUnused()])).toEqual(bytes.subarray(0, written));
      }),
    );
  });

  it.each([1, 2, 4, 8] as const)('takes the limit for what it is, with %i bytes', (prefixBytes) => {
    for (const endian of ['big', 'little'] as const) {
      for (const includesPrefix of [false, true]) {
        const config = { prefixBytes, endian, includesPrefix, maxLength: 4 };
        const run = (length: number): string[] =>
          decodeAll(decoderOf(config), [prefixed(Buffer.alloc(length), config)]);
        expect(run(3)).toEqual(['000000']);
        expect(run(4)).toEqual(['00000000']);
        expect(run(5)).toEqual(['ERR_FRAME_TOO_LONG']);
      }
    }
  });

  it('says at once that a frame is too long, with figures', () => {
    const decoder = decoderOf({ maxLength: 1000 });
    decoder.write(Buffer.from('000003e9', 'hex'));
    let caught: unknown;
    try {
      decoder.read();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(LibeventError);
    expect(caught).toMatchObject({
      name: 'LibeventError',
      code: 'ERR_FRAME_TOO_LONG',
      length: 1001,
      limit: 1000,
      unit: 'bytes',
      message: 'read ERR_FRAME_TOO_LONG: a frame of 1001 bytes is longer than 1000 bytes',
    });
  });

  it('refuses the largest length that eight bytes can say', () => {
    const decoder = decoderOf({ prefixBytes: 8 });
    expect(decodeAll(decoder, [Buffer.alloc(8, 0xff)])).toEqual(['ERR_FRAME_TOO_LONG']);
  });

  it('refuses a length that counts itself and is too small', () => {
    const decoder = decoderOf({ prefixBytes: 2, includesPrefix: true });
    expect(decodeAll(decoder, [Buffer.from('00020001', 'hex')])).toEqual(['', 'ERR_FRAME_LENGTH']);
  });

  it('sets no memory aside for what has not come', () => {
    const decoder = decoderOf({ maxLength: 2 ** 28 });
    decoder.write(Buffer.from('0fffffff0102', 'hex'));
    expect(decoder.read()).toBeUndefined();
    expect(decoder.takeUnused().buffer.byteLength).toBeLessThan(65_536);
  });

  it('does not keep a chunk alive for what is left of it', () => {
    const slab = Buffer.from(new ArrayBuffer(4096));
    slab.writeUInt32BE(10);
    const decoder = decoderOf({});
    decoder.write(slab.subarray(0, 6));
    expect(decoder.read()).toBeUndefined();
    expect(decoder.takeUnused().buffer).not.toBe(slab.buffer);
  });
});
