import type { Mark } from './Mark';

/**
 * Bytes of one frame as one value, whatever pieces they came in.
 *
 * @param together - whether two that follow each other are one value
 */
export function coalesced(
  marks: readonly Mark<Buffer>[],
  together: (one: Mark<Buffer>, other: Mark<Buffer>) => boolean = (one, other) =>
    one.frame === other.frame,
): Mark<Buffer>[] {
  const merged: Mark<Buffer>[] = [];
  for (const mark of marks) {
    const last = merged.at(-1);
    if (last?.value === undefined || mark.value === undefined || !together(last, mark)) {
      merged.push(mark);
      continue;
    }
    const value = Buffer.concat([last.value, mark.value]);
    const chars = `${last.char ?? ''}${mark.char ?? ''}`;
    merged[merged.length - 1] = {
      frame: last.frame,
      char: chars === '' ? undefined : chars,
      value,
    };
  }
  return merged;
}
