export { useTurns } from './flow/laterTurn';
export type { AssertDeepEqual } from './testing/assertTimelines';
export { marbles, marblesWith } from './testing/marbles';
export { MarbleError } from './testing/MarbleError';
export type { MarbleHelpers, ScriptedConnectionConfig } from './testing/MarbleHelpers';
export type { Peer } from './testing/Peer';
export type { PeerConfig } from './testing/PeerScript';
export { readTimeout, writeTimeout } from './testing/TimeoutValue';
