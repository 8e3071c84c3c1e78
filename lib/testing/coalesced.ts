import type { Mark } from './Mark';

/** Bytes of one frame as one value, whatever pieces they came in. */
export function coalesced(marks: readonly Mark<Buffer>[]): Mark<Buffer>[] {
  const merged: Mark<Buffer>[] = [];
  for (const mark of marks) {
    const last = merged.at(-1);
    if (last?.frame !== mark.frame || last.value === undefined || mark.value === undefined) {
      merged.push(mark);
      continue;
    }
    const value = Buffer.concat([last.value, mark.value]);
    const chars = `${last.char ?? ''}${mark.char ?? ''}`;
    merged[merged.length - 1] = {
      frame: mark.frame,
      char: chars === '' ? undefined : chars,
      value,
    };
  }
  return merged;
}
