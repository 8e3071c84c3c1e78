import { Subscription, timer, type Subscriber } from 'rxjs';
import { AbortError } from '../common/AbortError';
import type { AddressInfo } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import { laterTurn } from '../flow/laterTurn';
import type { Connection } from './Connection';
import type { ConnectOptions } from './ConnectConfig';
import type { Connector, ConnectorHandler, OpenConnector } from './Connector';
import { interleaved } from './interleaved';
import { ipVersion } from './ipVersion';

/** One subscription of `connect`: the look-up, the attempts, then the connection until its end. */
export class Connecting implements ConnectorHandler {
  private readonly connector: Connector;
  private readonly timers = new Subscription();
  private attemptTimer: Subscription | undefined;
  private addresses: AddressInfo[] = [];
  private current: AddressInfo | undefined;
  private readonly errors: LibeventError[] = [];
  private connection: Connection | undefined;
  private done = false;

  constructor(
    private readonly subscriber: Subscriber<Connection>,
    private readonly options: ConnectOptions,
    openConnector: OpenConnector,
  ) {
    this.connector = openConnector(this);
  }

  start(): void {
    const { signal, connectTimeoutMs, target } = this.options;
    if (signal?.aborted === true) {
      laterTurn(this.abort);
      return;
    }
    signal?.addEventListener('abort', this.abort, { once: true });
    if (connectTimeoutMs > 0) {
      this.timers.add(
        timer(connectTimeoutMs).subscribe(() => {
          this.onTimeout(connectTimeoutMs);
        }),
      );
    }
    if (target.kind === 'unix') {
      this.onFound([{ family: 'unix', address: target.path, port: 0 }]);
      return;
    }
    const { host, port } = target;
    const version = ipVersion(host);
    if (version === 0) this.connector.lookup(host);
    else this.onFound([{ family: version === 4 ? 'IPv4' : 'IPv6', address: host, port }]);
  }

  onFound(addresses: readonly AddressInfo[]): void {
    this.addresses = interleaved(addresses);
    this.tryNext();
  }

  onConnected(connection: Connection): void {
    this.stopTimers();
    this.connection = connection;
    connection.whenClosed.subscribe(() => {
      const { failure } = connection;
      if (failure === undefined) this.subscriber.complete();
      else this.subscriber.error(failure);
    });
    this.subscriber.next(connection);
  }

  onFailed(error: LibeventError): void {
    this.errors.push(error);
    this.attemptTimer?.unsubscribe();
    this.tryNext();
  }

  onAbandoned(error: LibeventError | undefined): void {
    // A connection that is open hears of it by itself.
    if (this.connection !== undefined) return;
    if (error === undefined) this.subscriber.complete();
    else this.subscriber.error(error);
  }

  /** The subscriber has gone, or has had the ending. */
  close(): void {
    if (this.done) return;
    this.done = true;
    this.stopTimers();
    this.options.signal?.removeEventListener('abort', this.abort);
    this.connector.cancel();
    this.connection?.close(this.options.closeDeadlineMs);
  }

  private tryNext(): void {
    const address = this.addresses.shift();
    if (address === undefined) {
      this.subscriber.error(this.failure());
      return;
    }
    this.current = address;
    this.connector.connect(address);
    if (this.addresses.length === 0) return;
    const { attemptTimeoutMs } = this.options;
    this.attemptTimer = timer(attemptTimeoutMs).subscribe(() => {
      this.connector.cancel();
      this.onFailed(this.timeout(`no answer within ${attemptTimeoutMs} ms`));
    });
  }

  /** The last address tells, as the others were tried before it; all of them are in `errors`. */
  private failure(): LibeventError {
    const last = this.errors.at(-1) as LibeventError;
    if (this.errors.length === 1) return last;
    const { code, syscall, address, port } = last;
    return new LibeventError(code, syscall, { address, port, errors: this.errors });
  }

  private onTimeout(ms: number): void {
    this.errors.push(this.timeout(`not connected within ${ms} ms`));
    this.subscriber.error(this.failure());
  }

  private timeout(detail: string): LibeventError {
    const { target } = this.options;
    const where =
      target.kind === 'ip'
        ? { address: this.current?.address ?? target.host, port: target.port }
        : { address: target.path };
    return new LibeventError('ETIMEDOUT', 'connect', { ...where, detail });
  }

  private readonly abort = (): void => {
    if (this.done) return;
    this.connection?.destroy();
    this.subscriber.error(new AbortError(this.options.signal?.reason));
  };

  private stopTimers(): void {
    this.timers.unsubscribe();
    this.attemptTimer?.unsubscribe();
  }
}
