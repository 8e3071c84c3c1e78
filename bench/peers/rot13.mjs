/** Rotates ASCII letters by 13; every other byte passes. The same two functions serve all Node peers. */
const ROTATED = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = (byte | 0x20) - 0x61;
  if (letter < 0 || letter > 25) return byte;
  return letter < 13 ? byte + 13 : byte - 13;
});

/** Rotates bytes where they lie, and returns them. */
export function rotate(bytes) {
  for (let i = 0; i < bytes.length; i++) bytes[i] = ROTATED[bytes[i]];
  return bytes;
}

const scratch = Buffer.alloc(65536);

/** Rotates a latin1 string. */
export function rot13(line) {
  const { length } = line;
  if (length > scratch.length) return rotate(Buffer.from(line, 'latin1')).latin1Slice();
  for (let i = 0; i < length; i++) scratch[i] = ROTATED[line.charCodeAt(i)];
  return scratch.latin1Slice(0, length);
}
