import type { LibeventError } from '../common/LibeventError';
import type { Machine } from './Machine';
import type { Peer } from './Peer';
import type { VirtualAcceptor } from './VirtualAcceptor';
import { type Wire, directWire } from './Wire';

/** How the segments of one connection travel. */
export interface Path {
  /** From who connects, and back. */
  readonly wires: readonly [Wire, Wire];
  /** Bytes of the output of each end that are under way at once. */
  readonly bufferBytes: readonly [number, number];
  /** Whether bytes that wait to be read become one chunk. */
  readonly coalesce: boolean;
  /** Notified of both ends, when they have been joined. */
  onJoined(near: Peer, far: Peer): void;
}

/** What a virtual network does to those who use it. */
export interface NetworkConditions {
  /**
   * @param name - of the connection
   * @param fail - ends the attempt to connect, while nobody has answered
   */
  path(from: Machine, to: Machine, name: string, fail: (code: string) => void): Path;
  /** What the system says to who wants a socket, instead of giving one. */
  refusal(name: string): LibeventError | undefined;
  /**
   * A connection arrives at a listener.
   *
   * @returns false where it has found nobody, since the listener is gone
   */
  onArrival(acceptor: VirtualAcceptor, listener: string): boolean;
}

const BUFFER_BYTES = 65_536;

/** A network that takes no time and loses nothing. */
export const fairConditions: NetworkConditions = {
  path: () => ({
    wires: [directWire, directWire],
    bufferBytes: [BUFFER_BYTES, BUFFER_BYTES],
    coalesce: true,
    onJoined: () => undefined,
  }),
  refusal: () => undefined,
  onArrival: () => true,
};
