import { PacketDecoder } from '../../lib/nestjs/PacketDecoder';
import { encodePacket } from '../../lib/nestjs/encodePacket';

function decode(bytes: Buffer, size: number, maxUnits = 1000): unknown[] {
  const decoder = new PacketDecoder(maxUnits);
  const packets: unknown[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    decoder.write(bytes.subarray(at, at + size));
    for (let packet = decoder.read(); packet !== undefined; packet = decoder.read()) {
      packets.push(packet);
    }
  }
  decoder.end();
  return packets;
}

describe('PacketDecoder', () => {
  const values = [
    { pattern: 'sum', data: [1, 2] },
    { text: 'h\u00e9 \u{1f600} #5#' },
    {},
    { id: '3' },
  ];
  const bytes = Buffer.from(values.map(encodePacket).join(''));

  it('counts UTF-16 units, not bytes', () => {
    expect(encodePacket('\u{1f600}')).toBe('4#"\u{1f600}"');
  });

  it.each([1, 2, 3, 7, 1000])('finds every packet in chunks of %d bytes', (size) => {
    expect(decode(bytes, size)).toEqual(values);
  });

  it('takes what is no object for an empty one, as Nest does', () => {
    expect(decode(Buffer.from('4#null1#54#true3#"x"'), 100)).toEqual([{}, {}, {}, {}]);
  });

  it.each([
    ['no digits', 'hello#{}', 'ERR_FRAME_LENGTH'],
    ['no digits and no end', 'hello', 'ERR_FRAME_LENGTH'],
    ['an empty length', '#{}', 'ERR_FRAME_LENGTH'],
    ['a negative length', '-2#{}', 'ERR_FRAME_LENGTH'],
    ['a length with text behind', '2x#{}', 'ERR_FRAME_LENGTH'],
    ['digits without end', '1'.repeat(13), 'ERR_FRAME_LENGTH'],
    ['too long a packet, before it comes', '1001#', 'ERR_FRAME_TOO_LONG'],
    ['a length that is too short', '3#{"a":1}', 'EBADMSG'],
    ['an empty packet', '0#', 'EBADMSG'],
    ['no JSON', '5#hello', 'EBADMSG'],
    ['a packet that does not end', '10#{"a":1', 'ERR_FRAME_TRUNCATED'],
    ['a header alone', '10#', 'ERR_FRAME_TRUNCATED'],
  ])('refuses %s', (_what, text, code) => {
    expect(() => decode(Buffer.from(text), 100)).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });

  it('says the limit', () => {
    expect(() => decode(Buffer.from('1001#'), 9)).toThrow(
      'a packet of 1001 characters exceeds maxBufferSize, 1000 characters',
    );
  });

  it.each([
    ['undefined', undefined],
    ['a cycle', cycle()],
    ['a bigint', 1n],
  ])('does not send %s', (_what, value) => {
    expect(() => encodePacket(value)).toThrow(TypeError);
  });

  function cycle(): object {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    return value;
  }
});
