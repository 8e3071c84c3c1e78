/** What `status` emits. */
export type LibeventStatus = 'connected' | 'disconnected';

/** What `on` hears, as of Nest's TCP transport. */
// Nest wants an index signature, which only an alias has.
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
export type LibeventEvents = {
  /** A client's connection is open. */
  connect: () => void;
  /** A server listens. */
  listening: () => void;
  /** What a connection or the listener has failed with. */
  error: (error: Error) => void;
  /** A client's connection is gone, or a server has closed. */
  close: () => void;
};
