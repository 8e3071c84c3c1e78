import type { AddressInfo } from '../common/AddressInfo';
import type { LibeventError } from '../common/LibeventError';
import type { Connection } from './Connection';

/**
 * What carries a listener: an `evconnlistener` of a reactor, or a script in a test. It decides
 * nothing; {@link Listener} does.
 */
export interface Acceptor {
  /** Accept or stop. Off at the start. */
  accept(on: boolean): void;
  /** Returns credit: this many connections have been taken or refused. */
  credit(connections: number): void;
  /** Whether it keeps the process alive. It does at the start. */
  reference(on: boolean): void;
  /** Stops listening. */
  close(): void;
}

/** An accepted socket that nobody has taken yet. */
export interface Accepted {
  take(): Connection;
  /** Closes it. */
  refuse(): void;
}

/** What an acceptor reports. Never from inside a call that opens or changes it. */
export interface AcceptorHandler {
  onBound(address: AddressInfo): void;
  onAccepted(accepted: Accepted): void;
  /** What was accepted could not be secured, and is gone. */
  onHandshakeFailed(error: LibeventError): void;
  /** Accepting has failed and is tried again by itself, as with `EMFILE`. */
  onPaused(error: LibeventError): void;
  onResumed(): void;
  /** Listening has failed, or has ended from below. The last call. */
  onFailed(error: LibeventError | undefined): void;
}
