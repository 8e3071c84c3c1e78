/**
 * What goes from one end of a connection to the other. Closed: the socket is gone behind its FIN. Window:
 * what has been read makes room for as much.
 */
export type SegmentKind = 'syn' | 'answer' | 'bytes' | 'fin' | 'reset' | 'closed' | 'window';

/** One direction of a connection: takes its segments to the other end, in order. */
export interface Wire {
  /**
   * @param arrive - called when the segment, or a part of its bytes, comes to the other end
   * @param chunk - of `'bytes'`
   */
  carry(kind: SegmentKind, arrive: (chunk: Buffer) => void, chunk?: Buffer): void;
}

const NOTHING = Buffer.alloc(0);

/** What is sent has arrived. */
export const directWire: Wire = {
  carry: (_kind, arrive, chunk = NOTHING) => {
    arrive(chunk);
  },
};
