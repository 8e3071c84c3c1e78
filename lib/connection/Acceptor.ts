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
  /** Stops listening, and delivers what is connected by then; `onClosed` follows. */
  finish(): void;
  /** Stops listening. Nothing more is delivered but to be refused. */
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
  /** @param fd - of the socket, if there is one */
  onBound(address: AddressInfo, fd?: number): void;
  onAccepted(accepted: Accepted): void;
  /** What was accepted could not be secured, and is gone. */
  onHandshakeFailed(error: LibeventError): void;
  /** Accepting has failed and is tried again by itself, as with `EMFILE`. */
  onPaused(error: LibeventError): void;
  onResumed(): void;
  /** All that was connected when {@link Acceptor.finish} was called has been delivered. */
  onClosed(): void;
  /** Listening has failed, or has ended from below. The last call. */
  onFailed(error: LibeventError | undefined): void;
}
