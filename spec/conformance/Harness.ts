import type { Observable } from 'rxjs';
import type {
  ConnectConfig,
  Connection,
  ConnectionConfig,
  LibeventError,
  ListenConfig,
  Listener,
  Session,
} from 'rxjs-libevent';

/** The other end of a connection, whatever it is made of. */
export interface RemoteEnd {
  send(bytes: string | Uint8Array): void;
  /** FIN. */
  end(): void;
  /** Closes its socket for good: FIN, and RST for whatever still comes. */
  close(): void;
  /** RST. */
  reset(): void;
  /** Reads from here on, or stops reading. It reads at the start. */
  read(on: boolean): void;
  /** Reads at least this many bytes, and stops. */
  take(bytes: number): void;
  /** All that it has got. */
  readonly received: Buffer;
  /** What it has seen: `'fin'`, `'rst'`. */
  readonly seen: readonly string[];
}

/** Room for what no system takes. */
export const MAX_OUTPUT_BYTES = 1 << 28;

/** One connection, from both sides. */
export interface Pair {
  readonly conn: Connection;
  readonly remote: RemoteEnd;
}

/** A listener, and who connects to it. */
export interface Server {
  readonly listener: Listener;
  /** Somebody connects, as the system sees it: accepted or not. */
  dial(): Promise<RemoteEnd>;
  /** Closes the base that it listens on. */
  closeBase(): Promise<void>;
}

/** `connect`, as its overloads say. */
export interface ConnectTo {
  (config?: Partial<ConnectConfig>): Observable<Connection>;
  <T>(config: Partial<ConnectConfig>, session: Session<T>): Observable<T>;
}

/** Somebody to connect to. */
export interface Target {
  /** `connect` to it. */
  readonly connect: ConnectTo;
  /** Whether it can be reached, from here on. It can at the start. */
  listens(on: boolean): Promise<void>;
  /** Its ends of the connections, in order. */
  readonly remotes: readonly RemoteEnd[];
}

/**
 * What carries the connections of the conformance suite. Every promise settles on an event, never
 * on a clock.
 */
export interface Harness {
  readonly name: string;
  /** More bytes than the system takes of a connection whose peer does not read. */
  readonly moreThanSystem: number;
  /** Cases that cannot be seen through it, or are the same by another. */
  readonly unseen?: readonly string[];
  /** Runs a case, with everything it needs around it. */
  run(body: () => Promise<void>): Promise<void>;
  open(config?: ConnectionConfig): Promise<Pair>;
  /** A listener that nobody has subscribed to. */
  server(config?: ListenConfig): Server;
  target(): Promise<Target>;
  /** When everything that was under way has been reported. */
  settled(): Promise<void>;
  /** When a condition holds, looked at whenever something has happened. */
  until(what: string, condition: () => boolean): Promise<void>;
}

/** What a subscriber of a connection was given. */
export interface Observed {
  readonly bytes: Buffer;
  readonly log: string[];
}

export function codeOf(error: unknown): string {
  return (error as LibeventError).code;
}
