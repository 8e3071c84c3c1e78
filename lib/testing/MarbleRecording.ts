import type { LibeventError } from '../common/LibeventError';
import type { Connection } from '../connection/Connection';
import type { TimeoutDirection } from '../connection/Timeouts';
import { ConnectionLog } from './ConnectionLog';
import { type Mark, isSign, sign } from './Mark';
import { isText } from './bytes';
import { coalesced } from './coalesced';
import { drawTimeline } from './drawTimelines';

type Input = Buffer | `${TimeoutDirection}Timeout`;

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Letters of other alphabets, for long sessions. */
const FIRST_FOREIGN = 0x0100;
const noRules = { same: () => false, describe: String };

/** The session of a connection, as `recordMarbles` sees it. */
export class MarbleRecording {
  private readonly log: ConnectionLog;
  private readonly input: Mark<Input>[] = [];
  private code: string | undefined;

  /** @internal Comes from `recordMarbles`. */
  constructor(connection: Connection, now: () => number) {
    const log = new ConnectionLog(now, () => connection.core.encoding);
    this.log = log;
    const { input } = this;
    connection.core.observer = Object.assign(log, {
      onData: (chunk: Buffer) => {
        input.push({ frame: now(), char: undefined, value: Buffer.from(chunk) });
      },
      onEnd: (error: LibeventError | undefined) => {
        input.push(sign(now(), error === undefined ? '|' : '#'));
        this.code = error?.code;
      },
      onTimeout: (direction: TimeoutDirection) => {
        input.push({ frame: now(), char: undefined, value: `${direction}Timeout` });
      },
    });
  }

  /** The session so far, as the text of a test. */
  toString(): string {
    const { log } = this;
    const legend = new Map<string, string>();
    const letters = (marks: readonly Mark<Input>[]): Mark[] =>
      marks.map((mark) =>
        isSign(mark) ? mark : { ...mark, char: letterOf(legend, mark.value as Input) },
      );
    const timelines = {
      input: letters(this.input),
      demand: log.demand,
      written: letters(coalesced(log.writes)),
    };
    const frames = roomForGroups(Object.values(timelines));
    const draw = (marks: readonly Mark[]): string => {
      const moved = marks.map((mark) => ({ ...mark, frame: frames.get(mark.frame) ?? mark.frame }));
      return `'${drawTimeline(moved, noRules).marbles}'`;
    };
    const config = this.code === undefined ? '' : `, { code: '${this.code}' }`;
    return [
      'marbles(({ connection, expectDemand, expectWritten }) => {',
      '  const values = {',
      ...[...legend].map(([value, letter]) => `    ${letter}: ${value},`),
      '  };',
      `  const conn = connection(${draw(timelines.input)}, values${config});`,
      '  // The pipeline under test goes here.',
      `  expectDemand(conn).toBe(${draw(timelines.demand)});`,
      `  expectWritten(conn).toBe(${draw(timelines.written)}, values);`,
      '});',
      '',
    ].join('\n');
  }
}

function letterOf(legend: Map<string, string>, value: Input): string {
  const source = typeof value === 'string' ? value : sourceOf(value);
  const known = legend.get(source);
  if (known !== undefined) return known;
  const { size } = legend;
  const letter = LETTERS[size] ?? String.fromCodePoint(FIRST_FOREIGN + size - LETTERS.length);
  legend.set(source, letter);
  return letter;
}

/** Bytes as source text. */
function sourceOf(bytes: Buffer): string {
  if (!isText(bytes)) return `Buffer.from('${bytes.toString('hex')}', 'hex')`;
  const escaped = JSON.stringify(bytes.toString()).slice(1, -1);
  return `'${escaped.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/**
 * A group takes as many frames as it has characters, so what comes soon after it has to make room:
 * in all timelines by as much.
 */
function roomForGroups(timelines: readonly (readonly Mark[])[]): Map<number, number> {
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
