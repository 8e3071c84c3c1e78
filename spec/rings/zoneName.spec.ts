import { zoneName } from '../../lib/rings/zoneName';

/** The words of a ring whose second record holds a name, among others that are full. */
function record(name: string): Int32Array {
  const words = new Int32Array(12).fill(-1);
  const bytes = Buffer.alloc(16);
  bytes.write(name);
  new Uint8Array(words.buffer).set(bytes, 16);
  return words;
}

describe('zoneName', () => {
  it.each(['lo', 'eth0', 'br-0123456789ab', '7'])('reads %s out of its record', (name) => {
    expect(zoneName(record(name), 4)).toBe(name);
  });

  it('reads a name that fills its record', () => {
    expect(zoneName(record('0123456789abcdef'), 4)).toBe('0123456789abcdef');
  });
});
