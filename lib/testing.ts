export { useTurns } from './flow/laterTurn';
export { LibeventError } from './common/LibeventError';
export type { AssertDeepEqual } from './testing/assertTimelines';
export type { ByteExpectation, BytesConfig, SumConfig } from './testing/ByteExpectation';
export type { Bytes } from './testing/bytes';
export { chunkings, everyChunking, type ChunkingsConfig } from './testing/chunkings';
export type { Connect, Outcome, ScriptedConnectConfig } from './testing/ConnectorScript';
export type { ErrorPattern } from './testing/ErrorPattern';
export type { Expectation } from './testing/Expectation';
export type { EitherEnd } from './testing/Expectations';
export type { Arrival, ScriptedListenConfig } from './testing/ListenerScript';
export type { LeftExpectation } from './testing/LeftExpectation';
export { marbles, marblesWith } from './testing/marbles';
export { MarbleError } from './testing/MarbleError';
export type {
  MarbleHelpers,
  PairEndConfig,
  ScriptedConnectionConfig,
} from './testing/MarbleHelpers';
export type { ListenerRecording } from './testing/ListenerRecording';
export type { MarbleRecording } from './testing/MarbleRecording';
export type { Peer } from './testing/Peer';
export type { PeerConfig, PeerValue } from './testing/PeerScript';
export type { PeerTls } from './testing/VirtualTls';
export type { NamedExpectation } from './testing/NamedExpectation';
export type { LoggedSubscription, Probe } from './testing/Probe';
export type {
  ObservableExpectation,
  RxjsHelpers,
  Subscribed,
  SubscriptionExpectation,
} from './testing/RxjsExpectations';
export { recordMarbles } from './testing/recordMarbles';
export type { RecordConfig } from './testing/RecordConfig';
export { idleTimeout, readTimeout, type TimeoutValue, writeTimeout } from './testing/TimeoutValue';
export type { FileContent, ScriptedFile, ScriptedFileConfig } from './testing/ScriptedFile';
export { simulate, type SimulationReport } from './testing/simulate';
export type { FaultKind, FaultProbabilities, SimulateConfig } from './testing/SimulateConfig';
export { SimulationError } from './testing/SimulationError';
export type { SimulatedSystem, SimulationHelpers } from './testing/SimulationHelpers';
export type { MarbleValues } from './testing/withValues';
export type { VirtualBase } from './testing/VirtualBase';
