/** What has been written to one direction: parts of streams, one after the other. */
export class Log {
  length = 0;
  #parts = [];

  add(stream, offset, length) {
    if (length === 0) return;
    const last = this.#parts.at(-1);
    if (last?.stream === stream && last.offset + last.length === offset) last.length += length;
    else this.#parts.push({ stream, offset, length, start: this.length });
    this.length += length;
  }

  /** What stands from `from` on, as `{ stream, offset, length }`. */
  parts(from, length) {
    const found = [];
    for (let index = this.#parts.length - 1; index >= 0; index -= 1) {
      const part = this.#parts[index];
      if (part.start >= from + length) continue;
      if (part.start + part.length <= from) break;
      const begin = Math.max(from, part.start);
      const end = Math.min(from + length, part.start + part.length);
      found.push({
        stream: part.stream,
        offset: part.offset + begin - part.start,
        length: end - begin,
      });
    }
    return found.reverse();
  }
}
