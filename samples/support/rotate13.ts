/** The successor by 13 of every byte, for letters; the byte itself otherwise. */
const ROTATED = Uint8Array.from({ length: 256 }, (_, code) => {
  const letter = (code & 31) - 1;
  const isLetter = (code >> 5 === 2 || code >> 5 === 3) && letter >= 0 && letter < 26;
  return isLetter ? (code & ~31) + 1 + ((letter + 13) % 26) : code;
});

/** Rotates the letters in `bytes` by 13 where they stand, and returns them. */
export function rotate13(bytes: Uint8Array): Uint8Array {
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = ROTATED[bytes[index] as number] as number;
  }
  return bytes;
}
