import { inspect } from 'node:util';
import type { Connection } from '../connection/Connection';
import { checkString } from '../common/check';
import { Listener } from '../connection/Listener';
import { ByteExpectation, type BytesConfig } from './ByteExpectation';
import type { Connect } from './ConnectorScript';
import { Expectation } from './Expectation';
import type { ListenerScript } from './ListenerScript';
import { type Fail, MarbleError } from './MarbleError';
import type { Mark } from './Mark';
import { Peer } from './Peer';
import type { Rig } from './Rig';
import { UnreadExpectation } from './UnreadExpectation';
import { describeBytes } from './bytes';
import { kindOf } from './kindOf';
import { parseMarbles } from './parseMarbles';
import { type MarbleValues, withTable, withValues } from './withValues';

const INTERVALS = { signs: '^!', endings: '', values: false };
const CAUSES = { signs: '!', endings: '', values: true };
const ENDING = { signs: '|#!', endings: '|#!', values: true };
const ENDINGS = '|!R';

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
  | 'expectAccepted'
  | 'expectAttempts'
>;

/** What a test can expect of its connections. */
export class Expectations {
  private readonly heldAsserted = new Set<Peer>();
  private readonly unreadAsserted = new Set<Peer>();
  private readonly listenersAsserted = new Set<ListenerScript>();

  constructor(private readonly rig: Rig) {}

  /** What the peer gets, when it gets it. `|` is FIN, `#` is RST. */
  readonly expectOutput = (end: EitherEnd, config: BytesConfig = {}): ByteExpectation => {
    const { peer, what } = this.peerOf('expectOutput', end);
    return new ByteExpectation(
      this.rig,
      what,
      peer,
      (fail) => used(fail, what, peer).log.output,
      config,
      this.expectOutput,
    );
  };

  /** What the pipeline writes, when it writes it, however long it takes to leave. */
  readonly expectWritten = (end: EitherEnd, config: BytesConfig = {}): ByteExpectation => {
    const { peer, what } = this.peerOf('expectWritten', end);
    return new ByteExpectation(
      this.rig,
      what,
      peer,
      (fail) => used(fail, what, peer).log.writes,
      config,
      this.expectWritten,
    );
  };

  /** When it reads: `^` begins, `!` stops. Of a listener: when it accepts. */
  readonly expectDemand = (end: EitherEnd | Listener): Expectation<never, never> => {
    if (end instanceof Listener) {
      const script = this.rig.listeners.find(({ listener }) => listener === end);
      if (script === undefined) throw stranger('expectDemand', 'a listener', end);
      this.listenersAsserted.add(script);
      const what = `expectDemand(${script.name})`;
      return this.intervals(what, this.expectDemand, (fail) => opened(fail, what, script).demand);
    }
    const { peer, what } = this.peerOf('expectDemand', end);
    return this.intervals(what, this.expectDemand, (fail) => used(fail, what, peer).log.demand);
  };

  /** When its output is saturated: `^` above the high mark, `!` drained to the low mark. */
  readonly expectSaturation = (end: EitherEnd): Expectation<never, never> => {
    const { peer, what } = this.peerOf('expectSaturation', end);
    return this.intervals(
      what,
      this.expectSaturation,
      (fail) => used(fail, what, peer).log.saturation,
    );
  };

  /**
   * Who holds it: a character wherever the causes change, `!` where the last one lets go. A value is
   * a cause or an array of them; a connection that is saturated is itself the cause.
   */
  readonly expectHolds = (
    end: EitherEnd,
  ): Expectation<MarbleValues<unknown>, readonly unknown[]> => {
    const { peer, what } = this.peerOf('expectHolds', end);
    this.heldAsserted.add(peer);
    const causesOf = (value: unknown): readonly unknown[] =>
      (Array.isArray(value) ? (value as unknown[]) : [value]).map((cause) =>
        cause instanceof Peer ? (cause.connection ?? cause) : cause,
      );
    return new Expectation(
      this.rig,
      {
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
            .map((cause) => this.nameOf(cause))
            .join(' and '),
      },
      this.expectHolds,
    );
  };

  /**
   * How it ends: `|` in order, with FIN both ways; `R` by sending RST; `!` destroyed, before both
   * sides had ended; `#` with an error, whose code is the second argument, by default
   * `'ECONNRESET'`. An empty diagram: it is open still.
   */
  readonly expectClosed = (end: EitherEnd): Expectation<string, string> => {
    const { peer, what } = this.peerOf('expectClosed', end);
    return new Expectation<string, string>(
      this.rig,
      {
        what,
        expected: (marbles, code = 'ECONNRESET') => {
          checkString(`${what}: the code`, code);
          return parseMarbles(what, marbles, ENDING).map(({ frame, char = '' }) => {
            if (char !== '#' && !ENDINGS.includes(char)) {
              throw new MarbleError(
                `${what}: '${char}' is no ending, only '|', '#', '!' and 'R' are`,
              );
            }
            return { frame, char, value: char === '#' ? code : char };
          });
        },
        actual: (fail) => used(fail, what, peer).log.ending,
        same: (one, other) => one === other,
        describe: describeEnding,
      },
      this.expectClosed,
    );
  };

  /** The bytes that nobody has read when the test ends, from wherever they wait. */
  readonly expectUnread = (end: EitherEnd): UnreadExpectation => {
    const { peer, what } = this.peerOf('expectUnread', end);
    this.unreadAsserted.add(peer);
    return new UnreadExpectation(
      this.rig,
      what,
      peer,
      (fail) => used(fail, what, peer).unread,
      this.expectUnread,
    );
  };

  /** Which connections a listener emits, when. The values are peers. */
  readonly expectAccepted = (listener: Listener): Expectation<MarbleValues<Peer>, Peer> => {
    const script = this.rig.listeners.find((other) => other.listener === listener);
    if (script === undefined) throw stranger('expectAccepted', 'a listener', listener);
    const what = `expectAccepted(${script.name})`;
    return new Expectation<MarbleValues<Peer>, Peer>(
      this.rig,
      {
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
      },
      this.expectAccepted,
    );
  };

  /** When a scripted `connect` attempts: `1---2-----3`. */
  readonly expectAttempts = (connect: Connect): Expectation<never, string> => {
    const script = this.rig.connectors.find((other) => other.connect === connect);
    if (script === undefined) throw stranger('expectAttempts', 'a connect', connect);
    const what = `expectAttempts(${script.name})`;
    return new Expectation<never, string>(
      this.rig,
      {
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
      },
      this.expectAttempts,
    );
  };

  get helpers(): ExpectationHelpers {
    const { expectOutput, expectWritten, expectDemand, expectSaturation } = this;
    const { expectHolds, expectClosed, expectUnread } = this;
    const { expectAccepted, expectAttempts } = this;
    return {
      ...{ expectOutput, expectWritten, expectDemand, expectSaturation },
      ...{ expectHolds, expectClosed, expectUnread },
      ...{ expectAccepted, expectAttempts },
    };
  }

  /** What every test must leave behind, asked for or not: no hold, and nothing unread. */
  checkLeftovers(): void {
    for (const peer of this.rig.peers) {
      const { connection } = peer;
      if (connection === undefined || peer.endedByChoice) continue;
      const { heldBy } = connection;
      if (heldBy.length > 0 && !this.heldAsserted.has(peer)) {
        const saturated = heldBy.some((cause) => this.peerThatIs(cause) !== undefined);
        const causes = heldBy.map((cause) => this.nameOf(cause)).join(' and ');
        const why = saturated ? 'a peer takes too little' : 'a release is missing';
        throw new MarbleError(
          `${peer.name} is held by ${causes}${saturated ? ',' : ''} when the test ends: ${why}, or expectHolds()`,
        );
      }
      const { unread } = peer;
      if (unread.length > 0 && !this.unreadAsserted.has(peer)) {
        throw new MarbleError(
          `${peer.name} has ${String(unread.length)} ${unread.length === 1 ? 'byte' : 'bytes'} unread when the test ends, ` +
            `${describeBytes(unread)}: a reader is missing, or expectUnread()`,
        );
      }
    }
    for (const script of this.rig.listeners) {
      if (script.heldBy.length === 0 || this.listenersAsserted.has(script)) continue;
      const causes = script.heldBy.map((cause) => this.nameOf(cause)).join(' and ');
      throw new MarbleError(
        `${script.name} is held by ${causes} when the test ends: a release is missing, or expectDemand()`,
      );
    }
  }

  private intervals(
    what: string,
    call: (...args: never[]) => unknown,
    actual: (fail: Fail) => readonly Mark<never>[],
  ): Expectation<never, never> {
    return new Expectation<never, never>(
      this.rig,
      {
        ...signRules,
        what,
        expected: (marbles) => parseMarbles(what, marbles, INTERVALS) as Mark<never>[],
        actual,
      },
      call,
    );
  }

  private peerOf(call: string, end: EitherEnd): { peer: Peer; what: string } {
    const peer = this.peerThatIs(end);
    if (peer === undefined) throw stranger(call, 'a connection or a peer', end);
    return { peer, what: `${call}(${peer.name})` };
  }

  private peerThatIs(cause: unknown): Peer | undefined {
    return this.rig.peers.find((other) => other === cause || other.connection === cause);
  }

  private nameOf(cause: unknown): string {
    const peer = this.peerThatIs(cause);
    if (peer !== undefined) return `${peer.name}, saturated`;
    return inspect(cause, { depth: 0, breakLength: Infinity });
  }
}

function stranger(call: string, takes: string, end: unknown): MarbleError {
  const got = kindOf(end);
  return new MarbleError(`${call}: takes ${takes} that this test's helpers have made, got ${got}`);
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

function describeEnding(ending: string): string {
  const words: Record<string, string> = {
    '|': 'closed in order, FIN both ways',
    R: 'RST sent',
    '!': 'destroyed before both sides had ended',
  };
  return words[ending] ?? `failed with ${ending}`;
}
