/** A struct of native/requests.h: `size` in bytes, and the offset of each field of 32 bits. */
type RequestLayout<Field extends string> = Readonly<Record<Field | 'size', number>>;

/** The payload of an opening submission: the struct, then its texts, in the machine's byte order. */
export function encodeRequest<Field extends string>(
  layout: RequestLayout<Field>,
  fields: Readonly<Record<Exclude<Field, 'size'>, number>>,
  ...texts: readonly (string | Uint8Array)[]
): Buffer {
  const words = new Int32Array(layout.size / Int32Array.BYTES_PER_ELEMENT);
  for (const [name, value] of Object.entries<number>(fields)) {
    words[layout[name as Field] / Int32Array.BYTES_PER_ELEMENT] = value;
  }
  return Buffer.concat([
    Buffer.from(words.buffer),
    ...texts.map((text) => (typeof text === 'string' ? Buffer.from(text, 'utf8') : text)),
  ]);
}
