import { isIP } from 'node:net';
import { types } from 'node:util';
import type { Observer } from 'rxjs';
import { checkServerIdentity, type PeerCertificate, type SecureContextOptions } from 'node:tls';
import { checkBytes } from '../common/checkChunk';
import { copyOf } from '../common/bytes';
import { checkString } from '../common/check';
import {
  type Checked,
  type Option,
  type OptionTable,
  checkedOptions,
  option,
} from '../common/options';
import { MAX_MS } from './ConnectionConfig';

/** Options of `tls.createSecureContext()` that this library takes, as Node documents them. */
export type TlsContextConfig = Omit<
  SecureContextOptions,
  'ALPNCallback' | 'clientCertEngine' | 'privateKeyEngine' | 'privateKeyIdentifier'
>;

/** Who encrypts: the reactor, by Node's OpenSSL; or `node:tls`, on JavaScript's thread. */
export type TlsEngine = 'reactor' | 'node';

/** What both ends of a secured connection may say; beside it, all of {@link TlsContextConfig}. */
export interface TlsConfig extends TlsContextConfig {
  /** Protocols of the application, the preferred one first, as `['h2', 'http/1.1']`. Default: none. */
  readonly ALPNProtocols?: readonly string[];
  /** Whether a peer that cannot be verified fails the handshake. Default: true. */
  readonly rejectUnauthorized?: boolean;
  /** Fails a handshake that takes longer, in ms. Default: 10000. Bounds: 1 to 2147483647. */
  readonly handshakeTimeoutMs?: number;
  /**
   * Gets the secrets of each handshake, as lines of a key log that Wireshark reads: they decrypt
   * the connection. A `Subject` does. Default: nobody.
   */
  readonly keylog?: Pick<Observer<Buffer>, 'next'>;
  /** Default: `'reactor'`, or `'node'` where the reactor cannot reach Node's OpenSSL. */
  readonly engine?: TlsEngine;
}

/**
 * The certificate and so on for a name: undefined for those of the listener, null to refuse the
 * client. The same object stands for the same context, which is made once.
 */
export type TlsNameContext = TlsContextConfig | null | undefined;

/** How a server secures its connections. */
export interface TlsServerConfig extends TlsConfig {
  /** Whether clients are asked for a certificate. Default: false. */
  readonly requestCert?: boolean;
  /**
   * Says what to go on with, for each full handshake; the empty name is that of a client that names
   * nobody. The handshake waits, others go on. Default: the same for all names.
   */
  readonly sni?: (name: string) => TlsNameContext | PromiseLike<TlsNameContext>;
  /** Handshakes under way at a time; accepting stops above. Default: 1024. Bounds: 1 to 65536. */
  readonly maxHandshakes?: number;
}

/** How a client secures its connection. */
export interface TlsClientConfig extends TlsConfig {
  /** The name that the server is asked for and verified by. Default: the host. */
  readonly servername?: string;
  /** Compares the name with the certificate, as Node's, which is the default. */
  readonly checkServerIdentity?: (name: string, certificate: PeerCertificate) => Error | undefined;
  /** A session to resume, from `connection.tls.session` of an earlier connection to this server. */
  readonly session?: Uint8Array;
}

const pass = option.other();

const CONTEXT_OPTIONS = {
  allowPartialTrustChain: pass,
  ca: pass,
  cert: pass,
  ciphers: pass,
  crl: pass,
  dhparam: pass,
  ecdhCurve: pass,
  honorCipherOrder: pass,
  key: pass,
  maxVersion: pass,
  minVersion: pass,
  passphrase: pass,
  pfx: pass,
  secureOptions: pass,
  secureProtocol: pass,
  sessionIdContext: pass,
  sessionTimeout: pass,
  sigalgs: pass,
  ticketKeys: pass,
} satisfies OptionTable<TlsContextConfig>;

const MAX_PROTOCOL_BYTES = 255;
/** What a ClientHello has room for, beside all else. */
const MAX_ALPN_BYTES = 60_000;
const MAX_NAME_BYTES = 255;

const alpnProtocols: Option<readonly string[]> = (value, name) => {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError(`${name} must be an array of strings`);
  let all = 0;
  const protocols = (value as unknown[]).map((protocol) => {
    const text = checkString(`${name}[…]`, protocol);
    // A character is a byte; what has more would be cut.
    if (/[^\0-\xff]/.test(text)) {
      throw new RangeError(`${name} must have protocols of characters up to U+00FF, got '${text}'`);
    }
    if (text.length < 1 || text.length > MAX_PROTOCOL_BYTES) {
      throw new RangeError(
        `${name} must have protocols of 1 to ${String(MAX_PROTOCOL_BYTES)} bytes, got ${String(text.length)}`,
      );
    }
    all += 1 + text.length;
    return text;
  });
  if (all > MAX_ALPN_BYTES) {
    throw new RangeError(
      `${name} must have at most ${String(MAX_ALPN_BYTES)} bytes, and one for each protocol, got ${String(all)}`,
    );
  }
  return protocols;
};

const servername: Option<string> = (value, name) => {
  const text = checkString(name, value);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_NAME_BYTES) {
    throw new RangeError(
      `${name} must have at most ${String(MAX_NAME_BYTES)} bytes, got ${String(bytes)}`,
    );
  }
  return text;
};

const keylog: Option<Pick<Observer<Buffer>, 'next'> | undefined> = (value, name) => {
  if (value === undefined) return undefined;
  const observer = value as Pick<Observer<Buffer>, 'next'> | null;
  if (typeof observer?.next !== 'function') {
    throw new TypeError(`${name} must be an observer: it needs next`);
  }
  return observer;
};

const COMMON = {
  ALPNProtocols: alpnProtocols,
  rejectUnauthorized: option.flag(true),
  handshakeTimeoutMs: option.integer('ms', 1, MAX_MS, 10_000),
  keylog,
  engine: option.optional(option.oneOf(['reactor', 'node'])),
};

const SERVER = {
  ...COMMON,
  requestCert: option.flag(false),
  sni: option.optional(option.callback<NonNullable<TlsServerConfig['sni']>>()),
  maxHandshakes: option.integer('handshakes', 1, 65536, 1024),
} satisfies OptionTable<Omit<TlsServerConfig, keyof TlsContextConfig>>;

function sessionBytes(value: unknown, name: string): Uint8Array {
  if (!types.isArrayBufferView(value)) {
    throw new TypeError(`${name} must be a Buffer, got ${typeof value}`);
  }
  return checkBytes(value);
}

const CLIENT = {
  ...COMMON,
  servername: option.optional(servername),
  checkServerIdentity: (value, name) =>
    value === undefined
      ? checkServerIdentity
      : option.callback<typeof checkServerIdentity>()(value, name, {}),
  session: (value, name) => (value === undefined ? undefined : copyOf(sessionBytes(value, name))),
} satisfies OptionTable<Omit<TlsClientConfig, keyof TlsContextConfig>>;

/** {@link TlsServerConfig}, checked and complete. */
export interface TlsServerOptions extends Checked<typeof SERVER> {
  readonly role: 'server';
  readonly context: TlsContextConfig;
}

/** {@link TlsClientConfig}, checked and complete. */
export interface TlsClientOptions extends Omit<Checked<typeof CLIENT>, 'servername'> {
  readonly role: 'client';
  readonly context: TlsContextConfig;
  /** What the server is verified by: a name or an address. */
  readonly identity: string;
}

export type TlsOptions = TlsServerOptions | TlsClientOptions;

/** The options for the context alone. */
function contextOf(config: TlsConfig): TlsContextConfig {
  return Object.fromEntries(
    Object.entries(config).filter(([name]) => Object.hasOwn(CONTEXT_OPTIONS, name)),
  );
}

/** @throws TypeError for what is no such config */
export function checkContext(name: string, config: TlsContextConfig): TlsContextConfig {
  checkedOptions(name, config, CONTEXT_OPTIONS);
  return config;
}

/** Checks the options and fills in the defaults. */
export function tlsServerOptions(name: string, config: unknown): TlsServerOptions {
  if (config === true) {
    throw new TypeError(`${name} of a server must be an object: it needs key and cert, or pfx`);
  }
  const known = { ...CONTEXT_OPTIONS, ...SERVER };
  const options = checkedOptions(name, config as TlsServerConfig, SERVER, known);
  const { cert, pfx } = config as TlsServerConfig;
  if (cert === undefined && pfx === undefined && options.sni === undefined) {
    throw new TypeError(`${name} of a server needs key and cert, or pfx, or sni`);
  }
  // As tls.createServer() has it; createSecureContext() leaves the choice to the client.
  const context = { honorCipherOrder: true, ...contextOf(config as TlsServerConfig) };
  return { ...options, role: 'server', context };
}

/**
 * Checks the options and fills in the defaults.
 *
 * @param host - what is connected to, if that is known
 */
export function tlsClientOptions(name: string, config: unknown, host?: string): TlsClientOptions {
  const given = config === true ? {} : (config as TlsClientConfig);
  const known = { ...CONTEXT_OPTIONS, ...CLIENT };
  const { servername, ...options } = checkedOptions(name, given, CLIENT, known);
  const identity = servername ?? host;
  if (identity === undefined && options.rejectUnauthorized) {
    throw new TypeError(`${name} needs a servername: the server is verified by it`);
  }
  if (identity?.includes('\0') === true) throw new TypeError(`${name}.servername must have no NUL`);
  return { ...options, role: 'client', context: contextOf(given), identity: identity ?? '' };
}

/** What the server is asked for: no addresses (RFC 6066). */
export function serverNameOf({ identity }: TlsClientOptions): string {
  return isIP(identity) === 0 ? identity : '';
}
