import { LibeventError } from '../common/LibeventError';
import { CONNECTION_OPTIONS } from '../connection/ConnectionConfig';
import type { Connection } from '../connection/Connection';
import { ipVersion } from '../connection/ipVersion';
import type { CheckedChunk } from '../common/Chunk';
import type { TimeoutDirection } from '../connection/Timeouts';
import { ConnectionLog } from './ConnectionLog';
import { type Mark, isSign, sign } from './Mark';
import type { RecordOptions } from './RecordConfig';
import type { RecordingClock } from './RecordingClock';
import { isText } from './bytes';
import { coalesced } from './coalesced';
import { gap, token } from './drawRows';

type Input = Buffer | `${TimeoutDirection}Timeout`;

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Characters for long sessions: letters all of them, so that they are names in a table. */
const FIRST_FOREIGN = 0x4e00;

/** What the recording sees beside a log: when the system takes what was written. */
class RecordedLog extends ConnectionLog {
  readonly input: Mark<Input>[] = [];
  /** How many bytes had been taken in all, when something has happened. */
  readonly taken: { readonly frame: number; readonly bytes: number }[] = [];
  code: string | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly clock: RecordingClock,
  ) {
    super(clock.now, () => connection.core.encoding);
  }

  onData(chunk: Buffer): void {
    this.look();
    this.put(Buffer.from(chunk));
  }

  onEnd(error: LibeventError | undefined): void {
    this.look();
    this.end(error);
  }

  /** The peer's end, which is only one, whichever half of the connection hears of it first. */
  end(error: LibeventError | undefined): void {
    if (this.code !== undefined) return;
    // It cuts off what is done in later turns: those come before it.
    if (error !== undefined) this.clock.advance();
    this.input.push(sign(this.clock.now(), error === undefined ? '|' : '#'));
    this.code = error?.code;
  }

  onTimeout(direction: TimeoutDirection): void {
    this.put(`${direction}Timeout`);
  }

  override onWrite(chunk: CheckedChunk): void {
    this.look();
    super.onWrite(chunk);
  }

  override onSaturation(saturated: boolean): void {
    this.look();
    super.onSaturation(saturated);
  }

  /** Everything that was written has been sent. */
  takeAll(): void {
    this.taken.push({ frame: this.clock.now(), bytes: this.connection.bytesWritten });
  }

  look(): void {
    const { closed, core, bytesWritten } = this.connection;
    // Its position is another connection's then.
    if (closed) return;
    const bytes = core.transport.sent;
    if (bytes <= (this.taken.at(-1)?.bytes ?? 0)) return;
    // In a frame of a test, a peer takes first: what was taken behind a write comes in the next one.
    const isSaturated = this.saturation.at(-1)?.char === '^';
    const isBehind = this.writes.at(-1)?.frame === this.clock.now();
    if (isBehind && (isSaturated || bytes < bytesWritten)) this.clock.advance();
    this.taken.push({ frame: this.clock.now(), bytes });
  }

  private put(value: Input): void {
    this.input.push({ frame: this.clock.now(), char: undefined, value });
  }
}

/** The session of a connection, as `recordMarbles` sees it. */
export class MarbleRecording {
  private readonly log: RecordedLog;

  /** @internal Comes from `recordMarbles`. */
  constructor(
    private readonly connection: Connection,
    clock: RecordingClock,
    private readonly options: RecordOptions,
  ) {
    const { now } = clock;
    const log = new RecordedLog(connection, clock);
    this.log = log;
    connection.core.observer = log;
    connection.events.subscribe((event) => {
      // A peer that is gone, seen by writing to it.
      if (event.type === 'error' && event.direction === 'write') log.end(event.error);
      if (event.type === 'finished') log.takeAll();
    });
    connection.whenClosed.subscribe(() => {
      const { failure, core } = connection;
      if (failure instanceof LibeventError) {
        log.ending.push({ frame: now(), char: '#', value: failure.code });
      } else if (!core.isCut) log.ending.push(sign(now(), '|'));
    });
  }

  /** @internal Looks at what the system has taken. */
  look(): void {
    this.log.look();
  }

  /** The session so far, as the text of a test. */
  toString(): string {
    const { log, connection } = this;
    const legend = new Map<string, string>();
    const letters = (marks: readonly Mark<Input>[]): Mark[] =>
      marks.map((mark) =>
        isSign(mark) ? mark : { ...mark, char: letterOf(legend, sourceOf(mark.value as Input)) },
      );
    const isSlow = log.saturation.length > 0;
    const timelines = {
      input: letters(log.input),
      demand: log.demand,
      written: letters(coalesced(log.writes)),
      saturation: log.saturation,
      takes: isSlow ? takesOf(log, legend) : [],
      ending: log.ending,
    };
    const frames = roomForGroups(Object.values(timelines));
    const draw = (marks: readonly Mark[]): string => `'${drawMarks(marks, frames)}'`;
    const takes = isSlow ? `[${draw(timelines.takes)}, values]` : undefined;
    const expects = (call: string, marks: readonly Mark[], ...more: string[]): string =>
      `  ${call}(conn)${this.timing}.toBe(${[draw(marks), ...more].join(', ')});`;
    const code = log.ending[0]?.value as string | undefined;
    return [
      `marbles(({ ${this.helpers(isSlow).join(', ')} }) => {`,
      '  const values = {',
      ...[...legend].map(([value, letter]) => `    ${letter}: ${value},`),
      '  };',
      `  const conn = connection(${draw(timelines.input)}, values, {${configOf(connection, log, takes)}});`,
      '  // The pipeline under test goes here.',
      // Demand comes and goes with turns, which are others each time.
      ...(this.isOrder ? [] : [expects('expectDemand', log.demand)]),
      expects('expectWritten', timelines.written, 'values'),
      ...(isSlow ? [expects('expectSaturation', log.saturation)] : []),
      ...(connection.closed && log.ending.length === 0
        ? []
        : [expects('expectClosed', log.ending, ...(code === undefined ? [] : [`'${code}'`]))]),
      '});',
      '',
    ].join('\n');
  }

  private get isOrder(): boolean {
    return this.options.timing === 'order';
  }

  private helpers(isSlow: boolean): string[] {
    const names = ['connection', 'expectClosed', 'expectWritten'];
    if (!this.isOrder) names.push('expectDemand');
    if (isSlow) names.push('expectSaturation');
    return names;
  }

  private get timing(): string {
    const { withinMs } = this.options;
    if (this.isOrder) return '.inOrder()';
    return withinMs === 0 ? '' : `.within(${String(withinMs)})`;
  }
}

/** What the connection was, as far as a pipeline can see, and its peer. */
function configOf(connection: Connection, { input, code }: RecordedLog, takes?: string): string {
  const { address, port, family } = connection.remoteAddress;
  const { read, write } = connection.marks;
  const isUsual = (name: 'read' | 'write', { low, high }: typeof read): boolean => {
    const usual = CONNECTION_OPTIONS[name](undefined, name, {});
    return usual.low === low && usual.high === high;
  };
  const marks = ({ low, high }: typeof read): string =>
    `{ low: ${String(low)}, high: ${String(high)} }`;
  const { encoding, allowsHalfOpen } = connection.core;
  const entries = {
    address: ipVersion(address) === 0 || address === '127.0.0.1' ? undefined : `'${address}'`,
    port: family === 'unix' || port === 0 ? undefined : String(port),
    code: code === undefined ? undefined : `'${code}'`,
    // What has come apart comes apart.
    coalesce: input.length > 1 ? 'false' : undefined,
    takes,
    read: isUsual('read', read) ? undefined : marks(read),
    write: isUsual('write', write) ? undefined : marks(write),
    encoding: encoding === 'utf8' ? undefined : `'${encoding}'`,
    allowHalfOpen: allowsHalfOpen ? 'true' : undefined,
  };
  const given = Object.entries(entries).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ''
    : ` ${given.map(([name, value]) => `${name}: ${value ?? ''}`).join(', ')} `;
}

/** When the peer took how many bytes more. */
function takesOf({ taken }: RecordedLog, legend: Map<string, string>): Mark[] {
  let before = 0;
  return taken.map(({ frame, bytes }) => {
    const char = letterOf(legend, String(bytes - before));
    before = bytes;
    return { frame, char, value: bytes };
  });
}

function letterOf(legend: Map<string, string>, source: string): string {
  const known = legend.get(source);
  if (known !== undefined) return known;
  const { size } = legend;
  const letter = LETTERS[size] ?? String.fromCodePoint(FIRST_FOREIGN + size - LETTERS.length);
  legend.set(source, letter);
  return letter;
}

/** A value as source text. */
function sourceOf(value: Input): string {
  if (typeof value === 'string') return value;
  if (!isText(value)) return `Buffer.from('${value.toString('hex')}', 'hex')`;
  const escaped = JSON.stringify(value.toString()).slice(1, -1);
  return `'${escaped.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** Marks by the characters that they have; frames as they have been moved. */
function drawMarks(marks: readonly Mark[], frames: ReadonlyMap<number, number>): string {
  const chars = new Map<number, string>();
  for (const { frame, char = '?' } of marks) {
    const moved = frames.get(frame) ?? frame;
    chars.set(moved, (chars.get(moved) ?? '') + char);
  }
  let marbles = '';
  let next = 0;
  for (const [frame, all] of chars) {
    const drawn = token(all);
    marbles += gap(frame - next) + drawn;
    next = frame + drawn.length;
  }
  return marbles;
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
