export type { ConnectionDuplex } from './streams/ConnectionDuplex';
export {
  fromReadable,
  type FromReadableConfig,
  type WhenUnsubscribed,
} from './streams/fromReadable';
export { toAsyncIterable } from './streams/toAsyncIterable';
export { toDuplex, type ToDuplexConfig } from './streams/toDuplex';
export { toWebStreams, type WebStreams, type WebStreamsConfig } from './streams/toWebStreams';
export { toWritable, type ToWritableConfig } from './streams/toWritable';
