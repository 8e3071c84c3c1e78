/** What stands in a row, by frame. */
export interface Row {
  readonly label: string;
  readonly chars: ReadonlyMap<number, string>;
}

/** Frames without anything that are drawn one by one; more are written as ` 30ms `. */
const MOST_DASHES = 24;

/** Frames without anything. */
export function gap(frames: number): string {
  return frames > MOST_DASHES ? ` ${String(frames)}ms ` : '-'.repeat(frames);
}

/** What happens in one frame. */
export function token(chars: string | undefined): string {
  if (chars === undefined) return '-';
  return Array.from(chars).length > 1 ? `(${chars})` : chars;
}

/**
 * Timelines one below the other, frame below frame. Each ends with its last mark.
 *
 * @param onFrame - called with where a frame begins, and what stands there in each row
 */
export function drawRows(
  rows: readonly Row[],
  onFrame: (frame: number, at: number, tokens: readonly string[]) => void = () => undefined,
): string[] {
  const frames = [...new Set(rows.flatMap(({ chars }) => [...chars.keys()]))];
  frames.sort((one, other) => one - other);
  const lines = rows.map(() => '');
  let next = 0;
  for (const frame of frames) {
    const between = gap(frame - next);
    const tokens = rows.map(({ chars }) => token(chars.get(frame)));
    const width = Math.max(...tokens.map(({ length }) => length));
    onFrame(frame, (lines[0]?.length ?? 0) + between.length, tokens);
    for (const [row, text] of tokens.entries()) {
      lines[row] = (lines[row] ?? '') + between + text.padEnd(width);
    }
    next = frame + 1;
  }
  const last = frames.at(-1) ?? 0;
  const label = Math.max(0, ...rows.map((row) => row.label.length));
  return rows.map((row, index) => {
    const line = lines[index] ?? '';
    const end = Math.max(-1, ...row.chars.keys());
    const cut = end < last ? line.replace(/([- ]| [0-9]+ms )+$/, '') : line;
    return `  ${row.label.padEnd(label)}  ${cut.trimEnd()}`;
  });
}
