import { CONNECTION_OPTIONS } from '../connection/ConnectionConfig';
import type { Connection } from '../connection/Connection';
import { ipVersion } from '../connection/ipVersion';
import { type Mark, isSign } from './Mark';
import type { RecordOptions } from './RecordConfig';
import type { RecordedInput, RecordedLog } from './RecordedLog';
import { isText } from './bytes';
import { coalesced } from './coalesced';
import { gap, token } from './drawRows';
import { recordedFrames } from './recordedFrames';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Characters for long sessions: letters all of them, so that they are names in a table. */
const FIRST_FOREIGN = 0x4e00;

/** The letters of a recording, by what they stand for, as source text. */
class Legend {
  readonly letters = new Map<string, string>();

  letterOf(source: string): string {
    const known = this.letters.get(source);
    if (known !== undefined) return known;
    const letter = letterAt(this.letters.size);
    this.letters.set(source, letter);
    return letter;
  }

  marks(marks: readonly Mark<RecordedInput>[]): Mark[] {
    return marks.map((mark) =>
      isSign(mark) ? mark : { ...mark, char: this.letterOf(sourceOf(mark.value as RecordedInput)) },
    );
  }
}

/** What is drawn of one connection. */
interface Timelines {
  readonly log: RecordedLog;
  readonly input: readonly Mark[];
  readonly written: readonly Mark[];
  readonly takes: readonly Mark[];
}

/** The text of a test that is made from what has been recorded. */
export class RecordingText {
  private readonly legend = new Legend();
  private readonly all: readonly Timelines[];
  private readonly frames: ReadonlyMap<number, number>;

  constructor(
    logs: readonly RecordedLog[],
    private readonly options: RecordOptions,
  ) {
    const { legend } = this;
    this.all = logs.map((log) => ({
      log,
      input: legend.marks(log.input),
      written: legend.marks(coalesced(log.writes)),
      takes: log.isSlow ? takesOf(log, legend) : [],
    }));
    this.frames = recordedFrames(
      this.all.flatMap(({ log, input, written, takes }) => [
        ...[[{ frame: log.began }], input, log.demand],
        ...[written, log.saturation, takes, log.ending],
      ]),
    );
  }

  /** Of a connection that is there from the start. */
  ofConnection(): string {
    return this.test('connection', 'conn', ([only]) => {
      if (only === undefined) return [];
      const entries = { ...this.peerEntries(only, 0), ...connectionEntries(only.log.connection) };
      const input = this.draw(only.input, 0);
      return [`  const conn = connection(${input}, values, {${textOf(entries)}});`];
    });
  }

  /** Of those that a listener has accepted. */
  ofListener(): string {
    return this.test('listener, peer', '', (all) => {
      const peers = all.map((each, index) => {
        const from = this.moved(each.log.began);
        const input = this.draw(each.input, from);
        return `    ${letterAt(index)}: peer(${input}, values, {${textOf(this.peerEntries(each, from))}}),`;
      });
      const arrivals = all.map(({ log }, index) => ({
        ...{ frame: log.began, char: letterAt(index), value: log },
      }));
      const [first] = all;
      const entries = first === undefined ? {} : connectionEntries(first.log.connection);
      return [
        '  const peers = {',
        ...peers,
        '  };',
        `  const server = listener(${this.draw(arrivals, 0)}, peers, {${textOf(entries)}});`,
      ];
    });
  }

  private test(
    makers: string,
    name: string,
    made: (all: readonly Timelines[]) => readonly string[],
  ): string {
    const { all, isOrder } = this;
    const names = [makers, 'expectClosed', 'expectWritten'];
    if (!isOrder) names.push('expectDemand');
    if (all.some(({ log }) => log.isSlow)) names.push('expectSaturation');
    const lines = made(all);
    return [
      `marbles(({ ${names.join(', ')} }) => {`,
      '  const values = {',
      ...[...this.legend.letters].map(([value, letter]) => `    ${letter}: ${value},`),
      '  };',
      ...lines,
      '  // The pipeline under test goes here.',
      ...all.flatMap((each, index) =>
        this.expectations(name === '' ? `peers.${letterAt(index)}` : name, each),
      ),
      '});',
      '',
    ].join('\n');
  }

  private expectations(end: string, { log, written }: Timelines): string[] {
    const expects = (call: string, marks: readonly Mark[], ...more: string[]): string =>
      `  ${call}(${end})${this.timing}.toBe(${[this.draw(marks, 0), ...more].join(', ')});`;
    const code = log.ending[0]?.value as string | undefined;
    return [
      // Demand comes and goes with turns, which are others each time.
      ...(this.isOrder ? [] : [expects('expectDemand', log.demand)]),
      expects('expectWritten', written, 'values'),
      ...(log.isSlow ? [expects('expectSaturation', log.saturation)] : []),
      ...(log.connection.closed && log.ending.length === 0
        ? []
        : [expects('expectClosed', log.ending, ...(code === undefined ? [] : [`'${code}'`]))]),
    ];
  }

  /** What its peer was, in a diagram that begins at a frame. */
  private peerEntries({ log, takes }: Timelines, from: number): Entries {
    const { address, port, family } = log.connection.remoteAddress;
    return {
      address: ipVersion(address) === 0 || address === '127.0.0.1' ? undefined : `'${address}'`,
      port: family === 'unix' || port === 0 ? undefined : String(port),
      code: log.code === undefined ? undefined : `'${log.code}'`,
      // What has come apart comes apart.
      coalesce: log.input.length > 1 ? 'false' : undefined,
      takes: log.isSlow ? `[${this.draw(takes, from)}, values]` : undefined,
    };
  }

  private draw(marks: readonly Mark[], from: number): string {
    return `'${drawMarks(marks, this.frames, from)}'`;
  }

  private moved(frame: number): number {
    return this.frames.get(frame) ?? frame;
  }

  private get isOrder(): boolean {
    return this.options.timing === 'order';
  }

  private get timing(): string {
    const { withinMs } = this.options;
    if (this.isOrder) return '.inOrder()';
    return withinMs === 0 ? '' : `.within(${String(withinMs)})`;
  }
}

/** Options as source text. */
type Entries = Readonly<Record<string, string | undefined>>;

/** What the connection was, as far as a pipeline can see. */
function connectionEntries({ core, marks: { read, write } }: Connection): Entries {
  const isUsual = (name: 'read' | 'write', { low, high }: typeof read): boolean => {
    const usual = CONNECTION_OPTIONS[name](undefined, name, {});
    return usual.low === low && usual.high === high;
  };
  const marks = ({ low, high }: typeof read): string =>
    `{ low: ${String(low)}, high: ${String(high)} }`;
  const { encoding, allowsHalfOpen } = core;
  return {
    read: isUsual('read', read) ? undefined : marks(read),
    write: isUsual('write', write) ? undefined : marks(write),
    encoding: encoding === 'utf8' ? undefined : `'${encoding}'`,
    allowHalfOpen: allowsHalfOpen ? 'true' : undefined,
  };
}

function textOf(entries: Entries): string {
  const given = Object.entries(entries).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return ` ${given.map(([name, value]) => `${name}: ${value ?? ''}`).join(', ')} `;
}

/** When the peer took how many bytes more. */
function takesOf({ taken }: RecordedLog, legend: Legend): Mark[] {
  let before = 0;
  return taken.map(({ frame, bytes }) => {
    const char = legend.letterOf(String(bytes - before));
    before = bytes;
    return { frame, char, value: bytes };
  });
}

function letterAt(index: number): string {
  return LETTERS[index] ?? String.fromCodePoint(FIRST_FOREIGN + index - LETTERS.length);
}

/** A value as source text. */
function sourceOf(value: RecordedInput): string {
  if (typeof value === 'string') return value;
  if (!isText(value)) return `Buffer.from('${value.toString('hex')}', 'hex')`;
  const escaped = JSON.stringify(value.toString()).slice(1, -1);
  return `'${escaped.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** Marks by the characters that they have; frames as they have been moved, from the one at which it begins. */
function drawMarks(
  marks: readonly Mark[],
  frames: ReadonlyMap<number, number>,
  from: number,
): string {
  const chars = new Map<number, string>();
  for (const { frame, char = '?' } of marks) {
    const moved = frames.get(frame) ?? frame;
    chars.set(moved, (chars.get(moved) ?? '') + char);
  }
  let marbles = '';
  let next = from;
  for (const [frame, all] of chars) {
    const drawn = token(all);
    marbles += gap(frame - next) + drawn;
    next = frame + drawn.length;
  }
  return marbles;
}
