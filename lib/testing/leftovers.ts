import { inspect } from 'node:util';
import type { ConnectorScript } from './ConnectorScript';
import type { ListenerScript } from './ListenerScript';
import type { MarbleError } from './MarbleError';
import type { Peer, Statement } from './Peer';
import type { Rig } from './Rig';
import type { ScriptedFile } from './ScriptedFile';
import { describeBytes } from './bytes';

/** What is left of one connection, and the expectation that says so. */
interface Leftover {
  readonly statement: Statement;
  readonly text: string;
}

/** The peer that a cause of a hold is: a connection that is saturated is itself the cause. */
export function peerThatIs(rig: Rig, cause: unknown): Peer | undefined {
  return rig.peers.find((other) => other === cause || other.connection === cause);
}

/** What messages call a cause of a hold. */
export function nameOfCause(rig: Rig, cause: unknown): string {
  const peer = peerThatIs(rig, cause);
  if (peer !== undefined) return `${peer.name}, saturated`;
  return inspect(cause, { depth: 0, breakLength: Infinity });
}

/**
 * What a test leaves when virtual time has ended and has not said that it knows: of each connection,
 * listener and connector what says most.
 *
 * @param stated - the scripts of which something is expected
 */
export function leftovers(rig: Rig, stated: ReadonlySet<object>): MarbleError[] {
  return [
    ...rig.peers.flatMap((peer) => {
      const { connection } = peer;
      const left =
        connection === undefined ? whyUnconnected(peer, stated) : leftOf(rig, peer, connection);
      return left === undefined ? [] : [peer.fail(`${peer.name} ${left}`)];
    }),
    ...rig.listeners.flatMap((script) => leftOfListener(rig, script, stated)),
    ...rig.connectors.flatMap((script) => leftOfConnector(script, stated)),
    ...rig.files.flatMap((file) => leftOfFile(file, stated)),
  ];
}

/** A connection that this side has ended itself has no readers and releases to miss. */
function leftOf(
  rig: Rig,
  peer: Peer,
  connection: NonNullable<Peer['connection']>,
): string | undefined {
  const { refused } = connection;
  const knowsEnd = peer.stated.has('closed') || peer.stated.has('output');
  if (refused > 0 && !knowsEnd && !peer.endedByChoice) {
    const many = refused === 1 ? '1 value' : `${String(refused)} values`;
    return `was written ${many} behind the end of its output: they are lost, or expectOutput()`;
  }
  if (connection.closed) return peer.stated.has('closed') ? undefined : missedBy(peer);
  const all = peer.endedByChoice ? [] : stuck(rig, peer, connection);
  const unknown = all.find(({ statement }) => !peer.stated.has(statement));
  if (unknown !== undefined) return unknown.text;
  // Who has said that it is stuck, or drawn its output without an end, knows that it is open.
  if (all.length > 0 || peer.stated.has('closed')) return undefined;
  if (connection.writable && peer.stated.has('output')) return undefined;
  const missing = connection.writable ? 'an end of its output' : "its peer's end";
  return `is open when the test ends: ${missing} is missing, or expectClosed()`;
}

function stuck(rig: Rig, peer: Peer, connection: NonNullable<Peer['connection']>): Leftover[] {
  const { heldBy, outputBytes, saturated } = connection;
  const { unread } = peer;
  const left: Leftover[] = [];
  if (heldBy.length > 0) {
    const bySaturated = heldBy.some((cause) => peerThatIs(rig, cause) !== undefined);
    const causes = heldBy.map((cause) => nameOfCause(rig, cause)).join(' and ');
    const why = bySaturated ? 'a peer takes too little' : 'a release is missing';
    left.push({
      statement: 'holds',
      text: `is held when the test ends, by ${causes}: ${why}, or expectHolds()`,
    });
  }
  if (unread.length > 0) {
    left.push({
      statement: 'unread',
      text: `has ${bytesOf(unread.length)} unread when the test ends, ${describeBytes(unread)}: a reader is missing, or expectUnread()`,
    });
  }
  if (saturated) {
    left.push({
      statement: 'saturation',
      text: 'is saturated when the test ends: its peer takes too little, or expectSaturation()',
    });
  } else if (outputBytes > 0) {
    left.push({
      statement: 'unsent',
      text: `has ${bytesOf(outputBytes)} unsent when the test ends, ${describeBytes(peer.unsent)}: its peer takes too little, or expectUnsent()`,
    });
  }
  return left;
}

/** What the peer's diagram says behind the end of the connection. */
function missedBy({ link, missedTimeouts }: Peer): string | undefined {
  const late = Buffer.concat(link?.late ?? []);
  if (late.length > 0) {
    return `was closed when ${bytesOf(late.length)} of its diagram came, ${describeBytes(late)}: nobody has had them, or expectClosed()`;
  }
  if (missedTimeouts === 0) return undefined;
  return 'was closed when a timeout of its diagram came, or expectClosed()';
}

function whyUnconnected(peer: Peer, stated: ReadonlySet<object>): string | undefined {
  const { givenTo, refusedAt } = peer;
  if (peer.stated.has('connected')) return undefined;
  if (givenTo === undefined) return 'stands in no diagram: give it to a listener or a connector';
  if (stated.has(givenTo.by)) return undefined;
  if (refusedAt !== undefined) {
    return `was refused at frame ${String(refusedAt)}: nobody listened, or expectRefused()`;
  }
  // An attempt that was not made is its connector's to report.
  if (peer.link === undefined && 'outcomes' in givenTo.by) return undefined;
  return 'has not been connected when the test ends: nobody accepts it, its attempt was given up, or expectConnected()';
}

function leftOfListener(
  rig: Rig,
  script: ListenerScript,
  stated: ReadonlySet<object>,
): MarbleError[] {
  if (stated.has(script)) return [];
  const { name, heldBy } = script;
  if (heldBy.length > 0) {
    const causes = heldBy.map((cause) => nameOfCause(rig, cause)).join(' and ');
    const why = 'a release is missing, or expectDemand()';
    return [script.fail(`${name} is held when the test ends, by ${causes}: ${why}`)];
  }
  const [missed] = script.missed;
  if (missed === undefined) return [];
  const where = `'${missed.char ?? ''}' of its diagram came at frame ${String(missed.frame)}`;
  return [script.fail(`${name}: nobody listened when ${where}, or expectDemand()`)];
}

function leftOfConnector(script: ConnectorScript, stated: ReadonlySet<object>): MarbleError[] {
  const { name, attempts, outcomes } = script;
  if (stated.has(script) || attempts.length >= outcomes.length) return [];
  const made = `${String(attempts.length)} of the ${String(outcomes.length)} attempts in its diagrams`;
  return [script.fail(`${name} has made ${made} when the test ends, or expectAttempts()`)];
}

function leftOfFile(file: ScriptedFile, stated: ReadonlySet<object>): MarbleError[] {
  const { log, openings, path } = file;
  if (stated.has(file)) return [];
  if (log.length === 0) {
    return [file.fail(`file '${path}' was never opened: nobody sends it, or expectFile()`)];
  }
  if (openings === 0) return [];
  return [
    file.fail(`file '${path}' is open when the test ends: not all of it was sent, or expectFile()`),
  ];
}

function bytesOf(count: number): string {
  return `${String(count)} ${count === 1 ? 'byte' : 'bytes'}`;
}
