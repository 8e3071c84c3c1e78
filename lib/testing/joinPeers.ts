import type { Peer } from './Peer';
import { type Wire, directWire } from './Wire';

/**
 * Puts one link between two ends of this library. What one has sent and the other has not read is the
 * system's, up to its buffer; what does not go in there waits as output.
 *
 * @param bufferBytes - of the output of each
 * @param wires - from the one to the other, and back
 */
export function joinPeers(
  one: Peer,
  other: Peer,
  [oneBytes, otherBytes]: readonly [number, number],
  [there, back]: readonly [Wire, Wire] = [directWire, directWire],
): void {
  const config = (takes: number) => ({ sendBufferBytes: 0, takes, coalesce: true });
  const ours = one.join(other, config(oneBytes), there);
  const theirs = other.join(one, config(otherBytes), back);
  // What has been read makes room for as much.
  ours.onRead = (bytes) => {
    there.carry('window', () => {
      theirs.take(bytes);
    });
  };
  theirs.onRead = (bytes) => {
    back.carry('window', () => {
      ours.take(bytes);
    });
  };
}
