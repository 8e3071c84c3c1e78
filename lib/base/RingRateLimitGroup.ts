import { inspect } from 'node:util';
import { LibeventError } from '../common/LibeventError';
import { tokenBucket, type RateLimit } from '../connection/RateLimit';
import type { RateLimitGroup, RateLimitTotals } from '../connection/RateLimitGroup';
import { native } from '../native';
import type { CompletionHandler } from './CompletionHandler';
import type { Reactor } from './Reactor';
import { rateLimitRequest } from './rateLimitRequest';

const { completion, submission, closeMode } = native.layout;

interface Request {
  readonly resolve: (totals: RateLimitTotals) => void;
  readonly reject: (error: LibeventError) => void;
}

/** A `bufferevent_rate_limit_group` of a reactor. */
export class RingRateLimitGroup implements RateLimitGroup, CompletionHandler {
  id = 0;
  private readonly requests: Request[] = [];
  private readBytes: number | undefined;
  closed = false;

  constructor(
    readonly reactor: Reactor,
    limit: RateLimit,
  ) {
    const bucket = tokenBucket('limit', limit);
    reactor.open(this);
    reactor.submitBytes(submission.group, this.id, rateLimitRequest(bucket));
  }

  /** One line instead of its insides. */
  [inspect.custom](): string {
    return `RateLimitGroup { ${this.closed ? 'closed' : 'open'} }`;
  }

  setRateLimit(limit: RateLimit): void {
    if (this.closed) throw this.closedError('set_cfg');
    const request = rateLimitRequest(tokenBucket('limit', limit));
    this.reactor.submitBytes(submission.rateLimit, this.id, request);
  }

  totals(): Promise<RateLimitTotals> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(this.closedError('get_totals'));
        return;
      }
      this.requests.push({ resolve, reject });
      this.reactor.submit(submission.totals, this.id);
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.reactor.submit(submission.close, this.id, closeMode.drop);
  }

  complete(kind: number, a: number, b: number): void {
    if (kind === completion.closed) this.abandon();
    if (kind !== completion.total) return;
    const bytes = (a >>> 0) + (b >>> 0) * 2 ** 32;
    if (this.readBytes === undefined) {
      this.readBytes = bytes;
      return;
    }
    this.requests.shift()?.resolve({ readBytes: this.readBytes, writtenBytes: bytes });
    this.readBytes = undefined;
  }

  abandon(): void {
    this.closed = true;
    for (const { reject } of this.requests.splice(0)) {
      reject(this.closedError('get_totals'));
    }
  }

  private closedError(call: string): LibeventError {
    return new LibeventError('ERR_CLOSED', `bufferevent_rate_limit_group_${call}`, {
      detail: 'the group is closed',
    });
  }
}
