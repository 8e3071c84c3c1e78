import { checkDescriptor, checkInteger, checkString } from '../common/check';
import { type Checked, type OptionTable, checkedOptions, option } from '../common/options';
import {
  CONNECTION_OPTIONS,
  connectionOptions,
  type ConnectionConfig,
  type ConnectionOptions,
} from './ConnectionConfig';
import { abortSignal } from './abortSignal';
import { keepAliveSeconds } from './keepAlive';
import { type TlsServerConfig, tlsServerOptions } from './TlsConfig';
import { unixPath } from './unixPath';

/** Where and how to listen; and the options of the accepted connections. */
export interface ListenConfig extends ConnectionConfig {
  /** Default: 0, a free port, which `bound` emits. Bounds: 0 to 65535. */
  readonly port?: number;
  /**
   * A numeric address or a name; names are resolved by Node. Default: `'::'`, all addresses of both
   * families, or `'0.0.0.0'` where the system has no IPv6.
   */
  readonly host?: string;
  /**
   * A unix socket instead of a port; abstract when it begins with a NUL character. At most 107
   * bytes. The file is removed when the listener closes, and when the process exits.
   */
  readonly path?: string;
  /** A socket that is bound already, instead of an address. It becomes the listener's. */
  readonly fd?: number;
  /** Connections that wait in the kernel. Default: 511. Bounds: 1 to 65535. */
  readonly backlog?: number;
  /** Whether `'::'` takes no IPv4. Default: false. @see `LEV_OPT_BIND_IPV6ONLY` */
  readonly ipv6Only?: boolean;
  /** Whether a port in TIME_WAIT can be bound. Default: true. @see `LEV_OPT_REUSEABLE` */
  readonly reuseAddress?: boolean;
  /**
   * Whether several listeners may share the port. Default: false. A `path` cannot be shared.
   * @see `LEV_OPT_REUSEABLE_PORT`
   */
  readonly reusePort?: boolean;
  /** Accepts when the first bytes have come. Default: false. @see `LEV_OPT_DEFERRED_ACCEPT` */
  readonly deferredAccept?: boolean;
  /** Whether child processes do not inherit the socket. Default: true. @see `LEV_OPT_CLOSE_ON_EXEC` */
  readonly closeOnExec?: boolean;
  /** Sends small packets at once. Default: true. */
  readonly noDelay?: boolean;
  /**
   * Has the system probe a silent peer after this many seconds, to find out whether it still lives.
   * Default: 0, never. Bounds: 0 to 32767.
   */
  readonly keepAliveSeconds?: number;
  /** Accepts no more while this many of its connections are open. Default: no limit. Bounds: 1 up. */
  readonly maxConnections?: number;
  /**
   * Secures the connections, which are emitted when their handshakes are done. Those that fail are
   * no errors of the listener: see its `handshakeErrors`. Default: plain connections.
   */
  readonly tls?: TlsServerConfig;
  /** Stops listening with an `AbortError`. Connections that were emitted stay open. */
  readonly signal?: AbortSignal;
}

const OWN_OPTIONS = {
  port: option.other<number>(),
  host: option.other<string>(),
  path: option.other<string>(),
  fd: option.other<number>(),
  backlog: option.integer('connections', 1, 65535, 511),
  ipv6Only: option.flag(false),
  reuseAddress: option.flag(true),
  reusePort: option.flag(false),
  deferredAccept: option.flag(false),
  closeOnExec: option.flag(true),
  noDelay: option.flag(true),
  keepAliveSeconds,
  maxConnections: option.limit('connections'),
  tls: option.optional((value, name) => tlsServerOptions(name, value)),
  signal: option.optional(abortSignal),
} satisfies OptionTable<Omit<ListenConfig, keyof ConnectionConfig>>;

export const LISTEN_OPTIONS: OptionTable<ListenConfig> = { ...CONNECTION_OPTIONS, ...OWN_OPTIONS };

type Address = Pick<Checked<typeof OWN_OPTIONS>, 'port' | 'host' | 'path' | 'fd'>;

/** {@link ListenConfig}, checked and complete. */
export interface ListenOptions extends Omit<Checked<typeof OWN_OPTIONS>, keyof Address> {
  readonly target:
    | { readonly kind: 'ip'; readonly host: string | undefined; readonly port: number }
    | { readonly kind: 'unix'; readonly path: string }
    | { readonly kind: 'fd'; readonly fd: number };
  readonly connection: ConnectionOptions;
}

function target({ port, host, path, fd }: Address, reusePort: boolean): ListenOptions['target'] {
  if (fd !== undefined) {
    if (port !== undefined || host !== undefined || path !== undefined) {
      throw new TypeError('fd stands alone: give no port, host or path with it');
    }
    return { kind: 'fd', fd: checkDescriptor(fd, 0) };
  }
  if (path !== undefined) {
    if (port !== undefined || host !== undefined) {
      throw new TypeError('path stands alone: give no port or host with it');
    }
    if (reusePort) {
      throw new TypeError(
        'reusePort must be false with path: two unix sockets cannot share a file',
      );
    }
    return { kind: 'unix', path: unixPath(path) };
  }
  if (host !== undefined && checkString('host', host) === '') {
    throw new TypeError('host must not be empty');
  }
  if (host?.includes('\0') === true) throw new TypeError('host must have no NUL');
  return { kind: 'ip', host, port: checkInteger('port', port ?? 0, 0, 65535, 'ports') };
}

/** Checks the options and fills in the defaults. */
export function listenOptions(
  config: ListenConfig,
  known: OptionTable<ListenConfig> = LISTEN_OPTIONS,
): ListenOptions {
  const { port, host, path, fd, ...options } = checkedOptions('config', config, OWN_OPTIONS, known);
  return {
    ...options,
    target: target({ port, host, path, fd }, options.reusePort),
    connection: connectionOptions(config, known),
  };
}
