import type { Mark } from './Mark';

/**
 * A group takes as many frames as it has characters, so what comes soon after it has to make room:
 * in all timelines by as much.
 */
export function recordedFrames(
  timelines: readonly (readonly Pick<Mark, 'frame'>[])[],
): ReadonlyMap<number, number> {
  const widths = new Map<number, number>();
  for (const marks of timelines) {
    const counts = new Map<number, number>();
    for (const { frame } of marks) counts.set(frame, (counts.get(frame) ?? 0) + 1);
    for (const [frame, count] of counts) {
      const width = count === 1 ? 1 : count + 2;
      widths.set(frame, Math.max(widths.get(frame) ?? 1, width));
    }
  }
  const frames = new Map<number, number>();
  let last = 0;
  let next = 0;
  let least = 0;
  for (const frame of [...widths.keys()].sort((one, other) => one - other)) {
    next = Math.max(next + frame - last, least);
    frames.set(frame, next);
    least = next + (widths.get(frame) ?? 1);
    last = frame;
  }
  return frames;
}
