import type { LookupFunction } from 'node:net';
import { checkInteger, checkString } from '../common/check';
import { type Checked, type OptionTable, checkedOptions, option } from '../common/options';
import {
  CONNECTION_OPTIONS,
  MAX_MS,
  connectionOptions,
  type ConnectionConfig,
  type ConnectionOptions,
} from './ConnectionConfig';
import { abortSignal } from './abortSignal';
import { keepAliveSeconds } from './keepAlive';
import { ipVersion } from './ipVersion';
import { type TlsClientConfig, type TlsClientOptions, tlsClientOptions } from './TlsConfig';
import { unixPath } from './unixPath';

/** Where and how to connect; and the options of the connection. */
export interface ConnectConfig extends ConnectionConfig {
  /** Bounds: 1 to 65535. Needed unless there is a `path`. */
  readonly port?: number;
  /** A numeric address or a name; names are resolved by Node. Default: `'localhost'`. */
  readonly host?: string;
  /** A unix socket instead of a port; abstract when it begins with a NUL character. At most 107 bytes. */
  readonly path?: string;
  /** Addresses of which family to try. Default: 0, both. */
  readonly family?: 0 | 4 | 6;
  /** Resolves the name, as `net.connect`'s. Default: `dns.lookup`. */
  readonly lookup?: LookupFunction;
  /** The numeric address to connect from. Default: the system's choice. */
  readonly localAddress?: string;
  /** The port to connect from. Default: 0, the system's choice. Bounds: 0 to 65535. */
  readonly localPort?: number;
  /** Sends small packets at once. Default: true. */
  readonly noDelay?: boolean;
  /**
   * Has the system probe a silent peer after this many seconds, to find out whether it still lives.
   * Default: 0, never. Bounds: 0 to 32767.
   */
  readonly keepAliveSeconds?: number;
  /** Gives up after this many ms, the look-up included. Default: 0, when the system does. */
  readonly connectTimeoutMs?: number;
  /**
   * Tries the next address after this many ms too, if the last one tried has not answered; that one
   * goes on. Default: 250. Bounds: 10 to 2147483647. RFC 8305's Connection Attempt Delay.
   */
  readonly attemptDelayMs?: number;
  /** How long an unsubscribed connection may take to flush and see the peer's end. Default: 5000 ms. */
  readonly closeDeadlineMs?: number;
  /**
   * Secures the connection, which is emitted when the handshake is done and the server has been
   * verified: `true`, or options. Default: a plain connection.
   */
  readonly tls?: true | TlsClientConfig;
  /** Ends the connection, whatever its state, with an `AbortError`. */
  readonly signal?: AbortSignal;
}

const OWN_OPTIONS = {
  port: option.other<number>(),
  host: option.other<string>(),
  path: option.other<string>(),
  family: option.other<0 | 4 | 6>(),
  lookup: option.optional(option.callback<LookupFunction>()),
  localAddress: option.other<string>(),
  localPort: option.integer('ports', 0, 65535, 0),
  noDelay: option.flag(true),
  keepAliveSeconds,
  connectTimeoutMs: option.integer('ms', 0, MAX_MS, 0),
  attemptDelayMs: option.integer('ms', 10, MAX_MS, 250),
  closeDeadlineMs: option.integer('ms', 1, MAX_MS, 5000),
  tls: option.other<true | TlsClientConfig>(),
  signal: option.optional(abortSignal),
} satisfies OptionTable<Omit<ConnectConfig, keyof ConnectionConfig>>;

const CONNECT_OPTIONS: OptionTable<ConnectConfig> = { ...CONNECTION_OPTIONS, ...OWN_OPTIONS };

/** {@link ConnectConfig}, checked and complete. */
export interface ConnectOptions extends Omit<Checked<typeof OWN_OPTIONS>, keyof Address | 'tls'> {
  readonly target:
    | { readonly kind: 'ip'; readonly host: string; readonly port: number }
    | { readonly kind: 'unix'; readonly path: string };
  readonly family: 0 | 4 | 6;
  readonly connection: ConnectionOptions;
  readonly tls: TlsClientOptions | undefined;
}

type Address = Pick<ConnectConfig, 'port' | 'host' | 'path' | 'family'>;

const IP_ONLY = ['port', 'host', 'family', 'lookup', 'localAddress', 'localPort'] as const;

function unixTarget(config: ConnectConfig, path: string): ConnectOptions['target'] {
  for (const name of IP_ONLY) {
    if (config[name] !== undefined)
      throw new TypeError(`path stands alone: give no ${name} with it`);
  }
  return { kind: 'unix', path: unixPath(path) };
}

function ipTarget(name = 'localhost', port?: number): ConnectOptions['target'] {
  const host = checkString('host', name);
  if (host === '') throw new TypeError('host must not be empty');
  if (host.includes('\0')) throw new TypeError('host must have no NUL');
  return { kind: 'ip', host, port: checkInteger('port', port, 1, 65535, 'ports') };
}

/** One family at most can be meant by `family`, a numeric `host` and `localAddress`. */
function familyOf(config: ConnectConfig): 0 | 4 | 6 {
  const { family = 0, host = '', localAddress } = config;
  if (![0, 4, 6].includes(family)) {
    throw new RangeError(`family must be 0, 4 or 6, got ${String(family)}`);
  }
  const local =
    localAddress === undefined ? 0 : ipVersion(checkString('localAddress', localAddress));
  if (localAddress !== undefined && local === 0) {
    throw new TypeError(`localAddress must be a numeric address, got '${localAddress}'`);
  }
  const versions = new Set([family, ipVersion(host), local]);
  versions.delete(0);
  if (versions.size > 1) {
    throw new TypeError('family, host and localAddress must be of one family, IPv4 or IPv6');
  }
  return [...versions][0] ?? 0;
}

/** Checks the options and fills in the defaults. */
export function connectOptions(config: ConnectConfig): ConnectOptions {
  const { port, host, path, tls, ...options } = checkedOptions(
    'config',
    config,
    OWN_OPTIONS,
    CONNECT_OPTIONS,
  );
  return {
    ...options,
    target: path === undefined ? ipTarget(host, port) : unixTarget(config, path),
    family: familyOf(config),
    connection: connectionOptions(config, CONNECT_OPTIONS),
    // As in Node, the server of a unix socket is this host.
    tls: tls === undefined ? undefined : tlsClientOptions('tls', tls, host ?? 'localhost'),
  };
}
