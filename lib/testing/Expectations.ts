import type { Connection } from '../connection/Connection';
import { Listener } from '../connection/Listener';
import { ByteExpectation, type BytesConfig } from './ByteExpectation';
import type { Connect } from './ConnectorScript';
import { Expectation } from './Expectation';
import type { ListenerScript } from './ListenerScript';
import { type Fail, MarbleError } from './MarbleError';
import { type Mark, sign } from './Mark';
import { Peer, type Statement } from './Peer';
import { type LoggedSubscription, Probe } from './Probe';
import type { Rig } from './Rig';
import type { Subscribed } from './RxjsExpectations';
import type { ScriptedFile } from './ScriptedFile';
import { LeftExpectation } from './LeftExpectation';
import { type ErrorPattern, checkErrorPattern, describeError, sameError } from './ErrorPattern';
import { kindOf } from './kindOf';
import { nameOfCause, peerThatIs } from './leftovers';
import { parseMarbles } from './parseMarbles';
import { type MarbleValues, withTable, withValues } from './withValues';

const INTERVALS = { signs: '^!', endings: '', values: false };
const CAUSES = { signs: '!', endings: '', values: true };
const ENDING = { signs: '|#!', endings: '|#!', values: true };
const ENDINGS = '|!R';
const FAILURE = { signs: '#', endings: '#', values: false };

const signRules = { same: () => false, describe: String };

/** A connection of the test, by either of its ends. */
export type EitherEnd = Connection | Peer;

/** The expectations that a test is given. */
export type ExpectationHelpers = Pick<
  Expectations,
  | 'expectOutput'
  | 'expectWritten'
  | 'expectDemand'
  | 'expectSaturation'
  | 'expectHolds'
  | 'expectClosed'
  | 'expectUnread'
  | 'expectUnsent'
  | 'expectSessionError'
  | 'expectConnected'
  | 'expectRefused'
  | 'expectAccepted'
  | 'expectAttempts'
  | 'expectFile'
>;

/** What a test can expect of its connections. */
export class Expectations {
  /** The listeners and connectors of which something is expected. */
  readonly stated = new Set<object>();

  constructor(private readonly rig: Rig) {}

  /** What the peer gets, when it gets it. `|` is FIN, `#` is RST. */
  readonly expectOutput = (end: EitherEnd, config: BytesConfig = {}): ByteExpectation => {
    const { peer, what } = this.peerOf('expectOutput', end, 'output');
    return new ByteExpectation(
      this.rig,
      what,
      peer,
      'output',
      (fail) => used(fail, what, peer).log.output,
      config,
    );
  };

  /** What the pipeline writes, when it writes it, however long it takes to leave. */
  readonly expectWritten = (end: EitherEnd, config: BytesConfig = {}): ByteExpectation => {
    const { peer, what } = this.peerOf('expectWritten', end);
    return new ByteExpectation(
      this.rig,
      what,
      peer,
      'writes',
      (fail) => used(fail, what, peer).log.writes,
      config,
    );
  };

  /** When it reads: `^` begins, `!` stops. Of a listener: when it accepts. */
  readonly expectDemand = (end: EitherEnd | Listener): Expectation<never, never> => {
    if (end instanceof Listener) {
      const script = this.rig.listeners.find(({ listener }) => listener === end);
      if (script === undefined) throw stranger('expectDemand', 'a listener', end);
      this.stated.add(script);
      const what = `expectDemand(${script.name})`;
      return this.intervals(what, (fail) => opened(fail, what, script).demand);
    }
    const { peer, what } = this.peerOf('expectDemand', end);
    return this.intervals(what, (fail) => used(fail, what, peer).log.demand);
  };

  /** When its output is saturated: `^` above the high mark, `!` drained to the low mark. */
  readonly expectSaturation = (end: EitherEnd): Expectation<never, never> => {
    const { peer, what } = this.peerOf('expectSaturation', end, 'saturation');
    return this.intervals(what, (fail) => used(fail, what, peer).log.saturation);
  };

  /**
   * Who holds it: a character wherever the causes change, `!` where the last one lets go. A value is
   * a cause or an array of them; a connection that is saturated is itself the cause.
   */
  readonly expectHolds = (
    end: EitherEnd,
  ): Expectation<MarbleValues<unknown>, readonly unknown[]> => {
    const { peer, what } = this.peerOf('expectHolds', end, 'holds');
    const causesOf = (value: unknown): readonly unknown[] =>
      (Array.isArray(value) ? (value as unknown[]) : [value]).map((cause) =>
        cause instanceof Peer ? (cause.connection ?? cause) : cause,
      );
    return new Expectation(this.rig, {
      what,
      expected: (marbles, values) =>
        withValues(what, parseMarbles(what, marbles, CAUSES), values, (value) => [value]),
      actual: (fail) => used(fail, what, peer).log.holds,
      // A peer that is named in the table may have no connection before the end of the test.
      same: (one, other) => {
        const [ones, others] = [
          causesOf(one.length === 1 ? one[0] : one),
          causesOf(other.length === 1 ? other[0] : other),
        ];
        return ones.length === others.length && ones.every((cause) => others.includes(cause));
      },
      describe: (causes) =>
        causesOf(causes.length === 1 ? causes[0] : causes)
          .map((cause) => nameOfCause(this.rig, cause))
          .join(' and '),
    });
  };

  /**
   * How it ends: `|` in order, with FIN both ways; `R` by sending RST; `!` destroyed, before both
   * sides had ended; `#` with an error, which the second argument names, by default `'ECONNRESET'`.
   * An empty diagram: it is open still.
   */
  readonly expectClosed = (end: EitherEnd): Expectation<ErrorPattern, unknown> => {
    const { peer, what } = this.peerOf('expectClosed', end, 'closed');
    return new Expectation<ErrorPattern, unknown>(this.rig, {
      what,
      expected: (marbles, error) => {
        const pattern = checkErrorPattern(what, error ?? 'ECONNRESET');
        const marks = parseMarbles(what, marbles, ENDING);
        if (error !== undefined && !marks.some(({ char }) => char === '#')) {
          throw new MarbleError(`${what}: an error is named, and there is no '#' in '${marbles}'`);
        }
        return marks.map(({ frame, char = '' }) => {
          if (char !== '#' && !ENDINGS.includes(char)) {
            throw new MarbleError(
              `${what}: '${char}' is no ending, only '|', '#', '!' and 'R' are`,
            );
          }
          return { frame, char, value: char === '#' ? pattern : char };
        });
      },
      actual: (fail) => used(fail, what, peer).log.ending,
      same: sameError,
      describe: describeEnding,
    });
  };

  /** The bytes that nobody has read when the test ends, from wherever they wait. */
  readonly expectUnread = (end: EitherEnd): LeftExpectation => {
    const { peer, what } = this.peerOf('expectUnread', end, 'unread');
    return new LeftExpectation(this.rig, what, peer, (fail) => used(fail, what, peer).unread);
  };

  /** The bytes that were written and that the system has not taken when the test ends. */
  readonly expectUnsent = (end: EitherEnd): LeftExpectation => {
    const { peer, what } = this.peerOf('expectUnsent', end, 'unsent');
    return new LeftExpectation(this.rig, what, peer, (fail) => used(fail, what, peer).unsent);
  };

  /**
   * When a session that `serve` runs on it fails, `#`, and with which error. Without it, and without
   * an `onError` of `serve`, an error fails the test.
   */
  readonly expectSessionError = (end: EitherEnd): Expectation<ErrorPattern, unknown> => {
    const { peer, what } = this.peerOf('expectSessionError', end, 'session');
    return new Expectation<ErrorPattern, unknown>(this.rig, {
      what,
      expected: (marbles, pattern) =>
        parseMarbles(what, marbles, FAILURE).map(({ frame, char }) => ({
          ...{ frame, char },
          value: checkErrorPattern(what, pattern),
        })),
      actual: (fail) =>
        used(fail, what, peer).log.sessionErrors.map((mark) => ({ ...mark, char: '#' })),
      same: sameError,
      describe: describeError,
    });
  };

  /** When this side has its connection to a peer: `^`. */
  readonly expectConnected = (end: EitherEnd): Expectation<never, never> => {
    const { peer, what } = this.peerOf('expectConnected', end, 'connected');
    return this.intervals(what, () => signAt(peer.connectedAt, '^'), { ...INTERVALS, signs: '^' });
  };

  /** When a peer is refused, `#`: it has found nobody who listens, or was not accepted to the end. */
  readonly expectRefused = (end: EitherEnd): Expectation<never, never> => {
    const { peer, what } = this.peerOf('expectRefused', end, 'connected');
    return this.intervals(what, () => signAt(peer.refusedAt, '#'), { ...INTERVALS, signs: '#' });
  };

  /** Which connections a listener emits, when. The values are peers. */
  readonly expectAccepted = (listener: Listener): Expectation<MarbleValues<Peer>, Peer> => {
    const script = this.rig.listeners.find((other) => other.listener === listener);
    if (script === undefined) throw stranger('expectAccepted', 'a listener', listener);
    this.stated.add(script);
    const what = `expectAccepted(${script.name})`;
    return new Expectation<MarbleValues<Peer>, Peer>(this.rig, {
      what,
      expected: (marbles, values) =>
        withTable<Peer, Peer>(
          what,
          parseMarbles(what, marbles, { ...CAUSES, signs: '' }),
          values,
          (value, char) => {
            if (value instanceof Peer) return value;
            throw new MarbleError(`${what}: '${char}' must be a peer, got ${kindOf(value)}`);
          },
        ),
      actual: (fail) => opened(fail, what, script).accepted,
      same: (one, other) => one === other,
      describe: ({ name }) => name,
    });
  };

  /** When a scripted `connect` attempts: `1---2-----3`. */
  readonly expectAttempts = (connect: Connect): Expectation<never, string> => {
    const script = this.rig.connectors.find((other) => other.connect === connect);
    if (script === undefined) throw stranger('expectAttempts', 'a connect', connect);
    this.stated.add(script);
    const what = `expectAttempts(${script.name})`;
    return new Expectation<never, string>(this.rig, {
      what,
      expected: (marbles) =>
        withValues<never, string>(
          what,
          parseMarbles(what, marbles, { ...CAUSES, signs: '' }),
          undefined,
          (value) => value,
        ),
      actual: (fail) => {
        if (script.called) return script.attempts;
        throw fail(`${what}: ${script.name} was never called`);
      },
      same: (one, other) => one === other,
      describe: (number) => `attempt ${number}`,
    });
  };

  /** When a file is opened to be sent, `^`, and closed, `!`; `#` where opening it fails. */
  readonly expectFile = (file: ScriptedFile): Expectation<never, never> => {
    if (!this.rig.files.includes(file)) throw stranger('expectFile', 'a file', file);
    this.stated.add(file);
    const what = `expectFile(${file.path})`;
    return this.intervals(what, () => file.log, { ...INTERVALS, signs: '^!#' });
  };

  /** What `expectSubscriptions` is given. */
  readonly subscriptionsOf = (source: Subscribed): readonly LoggedSubscription[] => {
    if (Array.isArray(source)) return source as readonly LoggedSubscription[];
    if (source instanceof Probe) return source.subscriptions;
    const peer = peerThatIs(this.rig, source);
    if (peer !== undefined) return peer.log.subscriptions;
    throw stranger('expectSubscriptions', 'a connection, a peer or a probe', source);
  };

  get helpers(): ExpectationHelpers {
    const { expectOutput, expectWritten, expectDemand, expectSaturation } = this;
    const { expectHolds, expectClosed, expectUnread, expectUnsent } = this;
    const { expectSessionError, expectConnected, expectRefused } = this;
    const { expectAccepted, expectAttempts, expectFile } = this;
    return {
      ...{ expectOutput, expectWritten, expectDemand, expectSaturation },
      ...{ expectHolds, expectClosed, expectUnread, expectUnsent },
      ...{ expectSessionError, expectConnected, expectRefused },
      ...{ expectAccepted, expectAttempts, expectFile },
    };
  }

  private intervals(
    what: string,
    actual: (fail: Fail) => readonly Mark<never>[],
    syntax = INTERVALS,
  ): Expectation<never, never> {
    return new Expectation<never, never>(this.rig, {
      ...signRules,
      what,
      expected: (marbles) => parseMarbles(what, marbles, syntax) as Mark<never>[],
      actual,
    });
  }

  private peerOf(
    call: string,
    end: EitherEnd,
    statement?: Statement,
  ): { peer: Peer; what: string } {
    const peer = peerThatIs(this.rig, end);
    if (peer === undefined) throw stranger(call, 'a connection or a peer', end);
    if (statement !== undefined) peer.stated.add(statement);
    return { peer, what: `${call}(${peer.name})` };
  }
}

function stranger(call: string, takes: string, end: unknown): MarbleError {
  const got = kindOf(end);
  return new MarbleError(`${call}: takes ${takes} that this test's helpers have made, got ${got}`);
}

function signAt(frame: number | undefined, char: string): Mark<never>[] {
  return frame === undefined ? [] : [sign(frame, char)];
}

function opened(fail: Fail, what: string, script: ListenerScript): ListenerScript {
  if (script.opened) return script;
  throw fail(`${what}: nobody has subscribed to ${script.name}`);
}

function used(fail: Fail, what: string, peer: Peer): Peer {
  if (peer.connection === undefined) {
    const why =
      peer.refusedAt === undefined
        ? 'was never accepted'
        : `was refused at frame ${String(peer.refusedAt)}`;
    throw fail(`${what}: ${peer.name} ${why}`);
  }
  if (peer.used) return peer;
  throw fail(
    `${what}: ${peer.name} was never used: nobody subscribed to it, wrote to it, held it or closed it`,
  );
}

function describeEnding(ending: unknown): string {
  const words: Record<string, string> = {
    '|': 'closed in order, FIN both ways',
    R: 'RST sent',
    '!': 'destroyed before both sides had ended',
  };
  if (typeof ending !== 'string') return `failed with ${describeError(ending)}`;
  return words[ending] ?? `failed with ${ending}`;
}
