import { LibeventError } from '../common/LibeventError';
import type { IdleWatch, Idling } from './IdleWatch';
import type { TokenBucket } from './RateLimit';
import type { SocketOption, SocketTransport } from './Transport';

/** What a transport over another one leaves to it: what concerns the socket, and not its bytes. */
export abstract class TransportOver {
  constructor(protected readonly lower: SocketTransport) {}

  timeouts(readMs: number, writeMs: number): void {
    this.lower.timeouts(readMs, writeMs);
  }

  idle(timeoutMs: number, idling: Idling): IdleWatch {
    return this.lower.idle(timeoutMs, idling);
  }

  get fd(): number {
    return this.lower.fd;
  }

  get paired(): boolean {
    return this.lower.paired;
  }

  get reactor(): object {
    return this.lower.reactor;
  }

  get priorities(): number {
    return this.lower.priorities;
  }

  rateLimit(limit: TokenBucket | undefined): void {
    this.lower.rateLimit(limit);
  }

  rateLimitGroup(id: number): void {
    this.lower.rateLimitGroup(id);
  }

  priority(level: number): void {
    this.lower.priority(level);
  }

  reference(on: boolean): void {
    this.lower.reference(on);
  }

  trigger(direction: 'read' | 'write'): void {
    this.lower.trigger(direction);
  }

  option(option: SocketOption, value: number): void {
    this.lower.option(option, value);
  }

  /** Nobody asks: what is to be encrypted is read. */
  sendFile(): void {
    throw new LibeventError('ENOTSUP', 'sendfile');
  }

  /** Nobody asks: it is secured. */
  secure(): SocketTransport {
    throw new LibeventError('EALREADY', 'startTls');
  }
}
