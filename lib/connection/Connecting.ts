import { Subscription, timer, type Subscriber } from 'rxjs';
import type { AddressInfo } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import { ipv6Text } from '../common/ipv6Text';
import { whereOf } from '../common/whereOf';
import type { Connection } from './Connection';
import type { ConnectOptions } from './ConnectConfig';
import type { Connector, ConnectorHandler, OpenConnector } from './Connector';
import { ipVersion } from './ipVersion';
import { onAbort } from './onAbort';

/**
 * One subscription of `connect`: the look-up, the attempts, then the connection until its end.
 *
 * Addresses are tried as RFC 8305 says: the next one when an attempt has failed, or after a delay
 * beside those that have not answered yet. The first to connect wins, and the others are cancelled.
 */
export class Connecting implements ConnectorHandler {
  private readonly connector: Connector;
  private readonly timers = new Subscription();
  private attemptDelay: Subscription | undefined;
  private waiting: AddressInfo[] = [];
  private readonly underWay = new Set<AddressInfo>();
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
    if (signal !== undefined) {
      this.subscriber.add(
        onAbort(signal, (error) => {
          this.connection?.destroy();
          this.subscriber.error(error);
        }),
      );
      if (signal.aborted) return;
    }
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
    this.waiting = interleaved(addresses.map(asWritten));
    this.tryNext();
  }

  onNotFound(error: LibeventError): void {
    this.subscriber.error(error);
  }

  onSecuring(): void {
    this.attemptDelay?.unsubscribe();
    this.waiting = [];
  }

  onConnected(connection: Connection): void {
    this.stopTimers();
    this.connector.cancel();
    this.connection = connection;
    connection.whenClosed.subscribe(() => {
      const { failure } = connection;
      if (failure === undefined) this.subscriber.complete();
      else this.subscriber.error(failure);
    });
    this.subscriber.next(connection);
  }

  onFailed(address: AddressInfo, error: LibeventError): void {
    this.underWay.delete(address);
    this.errors.push(error);
    if (this.waiting.length > 0) this.tryNext();
    else if (this.underWay.size === 0) this.subscriber.error(this.failure());
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
    this.connector.cancel();
    this.connection?.close(this.options.closeDeadlineMs);
  }

  private tryNext(): void {
    this.attemptDelay?.unsubscribe();
    const address = this.waiting.shift();
    if (address === undefined) return;
    this.underWay.add(address);
    this.connector.connect(address);
    if (this.waiting.length === 0) return;
    this.attemptDelay = timer(this.options.attemptDelayMs).subscribe(() => {
      this.tryNext();
    });
  }

  /** The last attempt to fail speaks for all of them; each one is in `errors`. */
  private failure(): LibeventError {
    const last = this.errors.at(-1) as LibeventError;
    if (this.errors.length === 1) return last;
    const { code, syscall, address, port } = last;
    return new LibeventError(code, syscall, { address, port, errors: this.errors });
  }

  private onTimeout(ms: number): void {
    const { target } = this.options;
    const host =
      target.kind === 'ip'
        ? { address: target.host, port: target.port }
        : { address: target.path, port: undefined };
    const detail = `not connected within ${ms} ms`;
    const timedOut = [...this.underWay].map(whereOf);
    for (const where of timedOut.length > 0 ? timedOut : [host]) {
      this.errors.push(new LibeventError('ETIMEDOUT', 'connect', { ...where, detail }));
    }
    this.subscriber.error(this.failure());
  }

  private stopTimers(): void {
    this.timers.unsubscribe();
    this.attemptDelay?.unsubscribe();
  }
}

/** An address as it is written everywhere, however the user or the resolver has written it. */
function asWritten(info: AddressInfo): AddressInfo {
  if (info.family !== 'IPv6') return info;
  const [address = '', zone = ''] = info.address.split('%');
  return { ...info, address: ipv6Text(address, zone) };
}

/**
 * Addresses with the families taking turns, beginning with that of the first one, so that a family
 * which does not get through costs one attempt before the other has its first.
 */
function interleaved(addresses: readonly AddressInfo[]): AddressInfo[] {
  const first = addresses[0]?.family;
  const ofFirst = addresses.filter(({ family }) => family === first);
  const others = addresses.filter(({ family }) => family !== first);
  const turns = Array.from({ length: Math.max(ofFirst.length, others.length) }, (_, index) => [
    ofFirst[index],
    others[index],
  ]);
  return turns.flat().filter((address) => address !== undefined);
}
