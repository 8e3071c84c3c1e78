let longest = Buffer.alloc(0);

/** As many zeros, which nobody may write to: the same memory each time, where it is long enough. */
export function zeros(bytes: number): Buffer {
  if (longest.length < bytes) longest = Buffer.alloc(bytes);
  return longest.subarray(0, bytes);
}
