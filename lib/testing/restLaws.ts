import { Connection } from '../connection/Connection';
import type { Peer } from './Peer';
import { Violation } from './Violation';

/**
 * Holds at every step: an output above its high mark is saturated.
 *
 * @throws Violation
 */
export function checkSaturation({ name, connection }: Peer): void {
  if (connection === undefined || !connection.writable || connection.saturated) return;
  const { outputBytes, marks } = connection;
  if (outputBytes <= marks.write.high) return;
  const counts = `${String(outputBytes)} bytes, the mark is ${String(marks.write.high)}`;
  throw new Violation('an output above its high mark is saturated', `${name}: ${counts}`);
}

/**
 * What holds of a connection when nothing is left to happen: whatever could go on has gone on.
 *
 * @throws Violation
 */
export function checkAtRest(peer: Peer): void {
  const { name, connection, transport, link } = peer;
  if (connection === undefined || transport === undefined || link === undefined) return;
  for (const cause of connection.heldBy) {
    if (!(cause instanceof Connection) || cause.saturated) continue;
    throw new Violation('who has drained or is gone holds nobody', name);
  }
  if (connection.closed) return;
  const { core, inputBytes, outputBytes, marks } = connection;
  const isRead = peer.log.demand.at(-1)?.char === '^';
  const unread = inputBytes + link.incomingBytes;
  if (isRead && unread > 0) {
    throw new Violation(
      'who reads is given what has come',
      `${name}: ${String(unread)} bytes wait`,
    );
  }
  if (isRead && link.dead && !core.input.ended) {
    throw new Violation('a reader is notified of the end', name);
  }
  if (transport.unsentBytes > 0 && link.room > 0 && link.error === undefined) {
    const counts = `${String(outputBytes)} bytes wait, and there is room for ${String(link.room)}`;
    throw new Violation('what there is room for is sent', `${name}: ${counts}`);
  }
  if (connection.saturated && outputBytes <= marks.write.low) {
    const counts = `${String(outputBytes)} bytes, the mark is ${String(marks.write.low)}`;
    throw new Violation('an output at its low mark has drained', `${name}: ${counts}`);
  }
  if (transport.output === 'finished' && core.input.ended) {
    throw new Violation('a connection is closed when both its ends have ended', name);
  }
}
