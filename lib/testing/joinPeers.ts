import type { Peer } from './Peer';
import { type Wire, directWire } from './Wire';

/** What is between two ends, beside their buffers. */
export interface Joining {
  /** From the one to the other, and back. */
  readonly wires: readonly [Wire, Wire];
  /** Whether bytes that wait to be read become one chunk. */
  readonly coalesce: boolean;
}

const DIRECT: Joining = { wires: [directWire, directWire], coalesce: true };

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
  { wires: [there, back], coalesce }: Joining = DIRECT,
): void {
  const config = (takes: number) => ({ sendBufferBytes: 0, takes, coalesce });
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
