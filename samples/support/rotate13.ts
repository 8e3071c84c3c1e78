/** The successor by 13 of every code, for letters; the code itself otherwise. */
const ROTATED = Uint8Array.from({ length: 256 }, (_, code) => {
  const letter = (code & 31) - 1;
  const isLetter = (code >> 5 === 2 || code >> 5 === 3) && letter >= 0 && letter < 26;
  return isLetter ? (code & ~31) + 1 + ((letter + 13) % 26) : code;
});

/** Rotates the letters of a latin1 text by 13. */
export function rotate13(text: string): string {
  const codes = Buffer.from(text, 'latin1');
  for (let index = 0; index < codes.length; index += 1) {
    codes[index] = ROTATED[codes[index] as number] as number;
  }
  return codes.toString('latin1');
}
