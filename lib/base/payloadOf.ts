/** A request for the reactor: 32-bit numbers, then text, as the structs of `native` have it. */
export function payloadOf(numbers: readonly number[], ...texts: readonly string[]): Buffer {
  const head = Int32Array.from(numbers);
  return Buffer.concat([
    Buffer.from(head.buffer),
    ...texts.map((text) => Buffer.from(text, 'utf8')),
  ]);
}
