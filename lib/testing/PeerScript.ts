import type { LibeventError } from '../common/LibeventError';
import { ipVersion } from '../connection/ipVersion';
import { checkedOptions, type OptionTable, option } from '../common/options';
import { MarbleError } from './MarbleError';
import { type Mark, isSign } from './Mark';
import { type Bytes, toBytes } from './bytes';
import { errnoName } from './errnoName';
import { kindOf } from './kindOf';
import { parseMarbles } from './parseMarbles';
import { TimeoutValue } from './TimeoutValue';
import { type PeerTls, peerTlsOption } from './VirtualTls';
import { type MarbleValues, withValues } from './withValues';

/** What a peer may do at a frame: send bytes, or let a timeout come. */
export type PeerValue = Bytes | TimeoutValue;

/** Options of the other end of a connection. */
export interface PeerConfig {
  /** What messages call it. Default: `'connection 1'`, counted in the order of their making. */
  readonly name?: string;
  /**
   * When it takes how many bytes: a digit is that many, `*` is all from here on, `!` is no more; other
   * characters need a table: `['--a', { a: 65536 }]`. Bytes that it has asked for and that are not
   * there are taken when they come. Default: takes everything.
   */
  readonly takes?: string | readonly [marbles: string, values: MarbleValues<number>];
  /**
   * Bytes that the system takes before output waits in the connection. Default: 0, so what a peer
   * does not take counts as output at once. Bounds: 0 up.
   */
  readonly sendBufferBytes?: number;
  /**
   * Whether chunks that wait to be read come as one, those of one frame included, as from a system.
   * Default: true; false for chunks that are given instead of marbles.
   */
  readonly coalesce?: boolean;
  /** Its numeric address. Default: that of this machine, in the family of whom it connects to. */
  readonly address?: string;
  /** Its port. Default: 50001 for the first one, and so on. Bounds: 1 to 65535. */
  readonly port?: number;
  /** What `#` in the marbles is: the name of an errno. Default: `'ECONNRESET'`, a peer's RST. */
  readonly code?: string;
  /**
   * What its handshake comes to: what `connection.tls` says, or an error, with which a listener goes on
   * (`handshakeErrors`) and an attempt to connect fails. Default: it is not secured.
   */
  readonly tls?: PeerTls | LibeventError;
}

function numericAddress(value: unknown, name: string): string {
  if (typeof value === 'string' && ipVersion(value) !== 0) return value;
  const got = typeof value === 'string' ? `'${value}'` : kindOf(value);
  throw new MarbleError(`${name} must be a numeric address, got ${got}`);
}

export const PEER_OPTIONS = {
  name: option.optional(option.text),
  takes: option.other<PeerConfig['takes']>(),
  sendBufferBytes: (value, name) => bytesOption(name, value ?? 0),
  coalesce: option.optional(option.flag(true)),
  address: option.optional(numericAddress),
  port: option.optional(option.integer('ports', 1, 65535)),
  code: errnoName('ECONNRESET'),
  tls: peerTlsOption,
} satisfies OptionTable<PeerConfig>;

const INPUT = { signs: '|#!', endings: '#!', values: true };
const TAKES = { signs: '!', endings: '', values: true };

/** The marbles of a peer, read and checked. */
export class PeerScript {
  readonly sends: readonly Mark<PeerValue>[];
  readonly takes: readonly Mark<number>[];
  readonly takesAll: boolean;
  readonly sendBufferBytes: number;
  readonly coalesce: boolean;
  readonly code: string;
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly tls: PeerTls | LibeventError | undefined;

  constructor(
    what: string,
    marbles: string | readonly Bytes[],
    values: MarbleValues<PeerValue> | undefined,
    config: PeerConfig,
  ) {
    this.sends = Array.isArray(marbles)
      ? chunksAtOnce(marbles as readonly Bytes[])
      : sendsOf(what, marbles as string, values);
    for (const [index, mark] of this.sends.entries()) {
      if (isSign(mark) || mark.value instanceof TimeoutValue) continue;
      const name = mark.char === undefined ? `chunk ${String(index + 1)}` : `'${mark.char}'`;
      const bytes = toBytes(`${what}: ${name}`, mark.value, 'utf8');
      if (bytes.length === 0 && mark.char !== undefined) {
        throw new MarbleError(`${what}: ${name} has no bytes, so nothing would come`);
      }
    }
    // It may have the options of a connection, too, which the caller knows.
    const options = checkedOptions(`${what}: config`, config, PEER_OPTIONS, { ...config });
    this.takes = takesOf(what, options.takes);
    this.takesAll = options.takes === undefined;
    this.sendBufferBytes = options.sendBufferBytes;
    this.coalesce = options.coalesce ?? !Array.isArray(marbles);
    this.address = options.address;
    this.port = options.port;
    this.code = options.code;
    this.tls = options.tls;
  }
}

function sendsOf(
  what: string,
  marbles: string,
  values: MarbleValues<PeerValue> | undefined,
): Mark<PeerValue>[] {
  const marks = parseMarbles(what, marbles, INPUT);
  const fin = marks.findIndex(({ char, ...mark }) => char === '|' && !('value' in mark));
  const late = marks.slice(fin + 1).find((mark) => !isSign(mark) || mark.char === '|');
  if (fin >= 0 && late !== undefined) {
    throw new MarbleError(
      `${what}: behind '|', the peer's FIN, only '#' or '!' can come: '${marbles}'`,
    );
  }
  return withValues<PeerValue, PeerValue>(what, marks, values, (value) => value);
}

/** All at once, then the end: the input of a test in which only the chunking matters. */
function chunksAtOnce(chunks: readonly Bytes[]): Mark<PeerValue>[] {
  const marks: Mark<PeerValue>[] = chunks.map((value) => ({ frame: 0, char: undefined, value }));
  return [...marks, { frame: 0, char: '|' }];
}

function takesOf(what: string, takes: PeerConfig['takes']): Mark<number>[] {
  if (takes === undefined) return [];
  const name = `${what}: takes`;
  if (typeof takes !== 'string' && !Array.isArray(takes)) {
    throw new MarbleError(`${name} must be marbles or [marbles, values], got ${kindOf(takes)}`);
  }
  const [marbles, values = {}] = typeof takes === 'string' ? [takes] : takes;
  const marks = parseMarbles(name, marbles, TAKES);
  const known: Record<string, number> = { '*': Infinity };
  for (let digit = 0; digit < 10; digit += 1) known[String(digit)] = digit;
  return withValues<number, number>(name, marks, { ...known, ...values }, (bytes, char) => {
    if (bytes === Infinity) return Infinity;
    return bytesOption(`${name}: '${char}'`, bytes);
  });
}

function bytesOption(name: string, bytes: unknown): number {
  if (typeof bytes === 'number' && Number.isInteger(bytes) && bytes >= 0) return bytes;
  throw new MarbleError(`${name} must be a whole number of bytes, got ${String(bytes)}`);
}
