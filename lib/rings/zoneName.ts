/** The name of an interface that a record holds, ended by NUL unless it fills the record. */
export function zoneName(words: Int32Array, index: number): string {
  const bytes = Buffer.from(words.buffer, words.byteOffset + index * 4, 16);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}
