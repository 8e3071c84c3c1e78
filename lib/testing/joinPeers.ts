import type { Peer } from './Peer';
import type { VirtualLink } from './VirtualLink';

/**
 * Puts one link between two ends of this library. What one has sent and the other has not read is the
 * system's, up to its buffer; what does not go in there waits as output.
 *
 * @param bufferBytes - of the output of each
 */
export function joinPeers(
  one: Peer,
  other: Peer,
  [oneBytes, otherBytes]: readonly [number, number],
): void {
  const linkOf = (end: Peer): VirtualLink => end.link as VirtualLink;
  const config = (takes: number) => ({ sendBufferBytes: 0, takes, coalesce: true });
  const ours = one.join(other, config(oneBytes), linkOf);
  const theirs = other.join(one, config(otherBytes), linkOf);
  // What has been read makes room for as much.
  ours.onRead = (bytes) => {
    theirs.take(bytes);
  };
  theirs.onRead = (bytes) => {
    ours.take(bytes);
  };
}
