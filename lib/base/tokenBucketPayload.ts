import type { TokenBucket } from '../connection/RateLimit';
import { payloadOf } from './payloadOf';

/** `RateLimitRequest` of `native/bufferevent.h`; undefined lifts the limit. */
export function tokenBucketPayload(bucket: TokenBucket | undefined): Buffer {
  if (bucket === undefined) return payloadOf([0, 0, 0, 0, 0]);
  const { readRate, readBurst, writeRate, writeBurst, tickMs } = bucket;
  return payloadOf([readRate, readBurst, writeRate, writeBurst, tickMs]);
}
