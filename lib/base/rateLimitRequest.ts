import type { TokenBucket } from '../connection/RateLimit';
import { native } from '../native';
import { encodeRequest } from '../rings/encodeRequest';

const NO_LIMIT = { readRate: 0, readBurst: 0, writeRate: 0, writeBurst: 0, tickMs: 0 };

/** The payload of `rateLimit` and `group`; undefined lifts the limit. */
export function rateLimitRequest(bucket: TokenBucket | undefined): Buffer {
  const { readRate, readBurst, writeRate, writeBurst, tickMs } = bucket ?? NO_LIMIT;
  const fields = { readRate, readBurst, writeRate, writeBurst, tickMs };
  return encodeRequest(native.layout.rateLimitRequest, fields);
}
