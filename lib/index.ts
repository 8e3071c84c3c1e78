export { EventBase } from './base/EventBase';
export type { EventBaseStats } from './base/EventBaseStats';
export type { EventBaseConfig, EventFeature } from './base/EventBaseConfig';
export { connect } from './base/connect';
export { open } from './base/open';
export { listen } from './base/listen';
export { enableDebugLogging, type LogMessage } from './base/log';
export type { DispatchEnd, LoopConfig, LoopEnd } from './base/Loop';
export { versions, type Versions } from './base/versions';
export { AbortError } from './common/AbortError';
export type { AddressInfo } from './common/AddressInfo';
export { LibeventError, type LibeventErrorInfo } from './common/LibeventError';
export { Connection, type FlowMarks } from './connection/Connection';
export type { Session } from './connection/connectSession';
export type { ConnectConfig } from './connection/ConnectConfig';
export type { ConnectionSocket } from './connection/ConnectionSocket';
export type { ConnectionTls, TlsCipher } from './connection/ConnectionTls';
export type { ConnectionConfig } from './connection/ConnectionConfig';
export type { ConnectionEvent } from './connection/ConnectionEvent';
export type { ListenConfig } from './connection/ListenConfig';
export { Listener } from './connection/Listener';
export type { RateLimit } from './connection/RateLimit';
export type { RateLimitGroup, RateLimitTotals } from './connection/RateLimitGroup';
export { relay } from './connection/relay';
export type { SendFileConfig } from './connection/sendFile';
export { sendTo, type SendToConfig } from './connection/sendTo';
export type { BaseOwner, BaseOwnerMessage } from './base/baseOwners';
export type { SessionErrorMessage, SessionHandler } from './connection/reportSessionError';
export { serve, type ServeConfig } from './connection/serve';
export { startTls, type StartTlsConfig } from './connection/startTls';
export type {
  TlsClientConfig,
  TlsConfig,
  TlsContextConfig,
  TlsEngine,
  TlsNameContext,
  TlsServerConfig,
} from './connection/TlsConfig';
export type { TlsErrorMessage } from './base/Handshakes';
export type { TimeoutDirection, TimeoutsConfig } from './connection/Timeouts';
export type { Chunk } from './common/Chunk';
export type { WhenSaturated } from './connection/WhenSaturated';
export type { FdConfig, FdMode } from './events/FdConfig';
export { FdEvent } from './events/FdEvent';
export type { FdEventName } from './events/FdWatch';
export type { SignalConfig } from './events/SignalConfig';
export type { SignalEvent } from './events/SignalEvent';
export type { TimerConfig } from './events/TimerConfig';
export type { EventScheduler, SchedulerWork } from './events/EventScheduler';
export { holdable, type HoldableConfig } from './flow/holdable';
export { hold } from './flow/hold';
export type { Holdable, Release } from './flow/Source';
export type { Watermarks, WatermarksConfig } from './flow/Watermarks';
export { concatMapHeld } from './flow/concatMapHeld';
export { mergeMapHeld } from './flow/mergeMapHeld';
export { observeOnHeld, type ObserveOnHeldConfig } from './flow/observeOnHeld';
export { delimited, type DelimitedConfig } from './framing/delimited';
export { encodeDelimited, type EncodeDelimitedConfig } from './framing/encodeDelimited';
export { encodeFixedLength } from './framing/encodeFixedLength';
export { encodeLengthPrefixed } from './framing/encodeLengthPrefixed';
export { encodeLines, type EncodeLinesConfig } from './framing/encodeLines';
export type { EolStyle } from './framing/EolStyle';
export { fixedLength } from './framing/fixedLength';
export type { FrameDecoder } from './framing/FrameDecoder';
export { frames, type FramesConfig } from './framing/frames';
export type { FrameParser } from './framing/ParsedDecoder';
export { lengthPrefixed } from './framing/lengthPrefixed';
export type { LengthPrefixConfig } from './framing/LengthPrefix';
export { lines, type LinesConfig } from './framing/lines';
export type { FrameEncoding, TerminatedConfig } from './framing/TerminatedConfig';
export type { NativeStat } from './native';
