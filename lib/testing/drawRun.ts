import type { Fault } from './FaultPlan';
import type { Mark } from './Mark';
import type { SimulationRun } from './SimulationRun';
import { describeBytes } from './bytes';
import { coalesced } from './coalesced';
import { type Row, drawRows } from './drawRows';

const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
/** Connections that are drawn: the last ones, since the failure comes at the end. */
const MOST_CONNECTIONS = 4;
/** Instants that are drawn: the last ones. */
const MOST_FRAMES = 40;
const MOST_FAULTS = 40;

/** A letter for each thing that is shown, and what they stand for. */
class Legend {
  private readonly letters = new Map<string, string>();

  letterOf(text: string): string {
    const known = this.letters.get(text);
    if (known !== undefined) return known;
    const letter = LETTERS[this.letters.size] ?? '*';
    this.letters.set(text, letter);
    return letter;
  }

  get lines(): string[] {
    return [...this.letters].map(([text, letter]) => `  ${letter}  ${text}`);
  }
}

/** What the network has done, one a line. */
export function listFaults(faults: readonly Fault[]): string[] {
  const lines = faults.map(({ kind, frame, where }) => `at ${String(frame)} ms: ${kind}, ${where}`);
  if (lines.length <= MOST_FAULTS) return lines;
  const more = `and ${String(lines.length - MOST_FAULTS)} more`;
  return [...lines.slice(0, MOST_FAULTS), more];
}

/**
 * A run as marbles: what arrives at either end of each connection, what the network does, and what has been
 * reached.
 */
export function drawRun({ joints, faults, world, failure }: SimulationRun): string {
  const legend = new Legend();
  const shown = joints.slice(-MOST_CONNECTIONS);
  const letters = (marks: readonly Mark<string>[]): Mark[] =>
    marks.map((mark) => ({ ...mark, char: legend.letterOf(mark.value ?? '') }));
  const bytes = (marks: readonly Mark<Buffer>[]): Mark[] =>
    coalesced(marks).map((mark) =>
      mark.value === undefined
        ? mark
        : { ...mark, char: legend.letterOf(describeBytes(mark.value)) },
    );
  const done = faults.map(({ kind, frame, where }) => ({
    ...{ frame, char: undefined, value: `${kind}, ${where}` },
  }));
  const timelines: [string, Mark[]][] = [
    ...shown.flatMap(({ near, far }): [string, Mark[]][] => {
      const to = far.name.slice(near.name.length + ' at '.length);
      return [
        [`${near.name} to ${to}`, bytes(near.log.output)],
        [`${to} to ${near.name}`, bytes(far.log.output)],
      ];
    }),
    ['network', letters(done)],
    ['reached', letters(world.reached)],
    ['failure', failure === undefined ? [] : [{ frame: failure.frame, char: 'X' }]],
  ];
  const rows = rowsOf(timelines.filter(([, marks]) => marks.length > 0));
  const hidden = joints.length - shown.length;
  const more = hidden > 0 ? [`  (and ${String(hidden)} connections before)`] : [];
  return [...more, ...drawRows(rows), ...legend.lines].join('\n');
}

/** The last frames of all. */
function rowsOf(timelines: readonly [string, Mark[]][]): Row[] {
  const frames = [...new Set(timelines.flatMap(([, marks]) => marks.map(({ frame }) => frame)))];
  frames.sort((one, other) => one - other);
  const first = frames.at(-MOST_FRAMES) ?? 0;
  return timelines.map(([label, marks]) => {
    const chars = new Map<number, string>();
    for (const { frame, char = '?' } of marks) {
      if (frame >= first) chars.set(frame, (chars.get(frame) ?? '') + char);
    }
    return { label, chars };
  });
}
