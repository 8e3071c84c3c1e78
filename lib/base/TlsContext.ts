import { hkdfSync } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { LibeventError } from '../common/LibeventError';
import { type TlsContextConfig, type TlsOptions, checkContext } from '../connection/TlsConfig';
import { native } from '../native';

/** OpenSSL's ticket keys: a name of 16 bytes, and two keys of 32. Node's have 16 each. */
const NAME_BYTES = 16;
const KEY_BYTES = 64;
const NODE_KEY_BYTES = 48;

const known = new WeakMap<TlsContextConfig, TlsContext>();
let whyNot: string | undefined | null = null;

/** @throws LibeventError `ERR_TLS_NOT_AVAILABLE` where Node's OpenSSL cannot be reached */
function checkAvailable(): void {
  if (whyNot === null) whyNot = native.whyNoTls(process.versions.openssl);
  if (whyNot === undefined) return;
  throw new LibeventError('ERR_TLS_NOT_AVAILABLE', 'createSecureContext', { detail: whyNot });
}

/** What `createSecureContext` sets in its own callback, which the addon takes away. */
function ticketKeysOf({ ticketKeys }: TlsContextConfig): Buffer {
  if (ticketKeys === undefined) return Buffer.alloc(0);
  if (ticketKeys.length !== NODE_KEY_BYTES) {
    throw new RangeError(
      `ticketKeys must be ${String(NODE_KEY_BYTES)} bytes, got ${String(ticketKeys.length)}`,
    );
  }
  const keys = hkdfSync('sha256', ticketKeys, '', 'rxjs-libevent session tickets', KEY_BYTES);
  return Buffer.concat([ticketKeys.subarray(0, NAME_BYTES), Buffer.from(keys)]);
}

/** An SSL_CTX that Node has made, for the reactors to use as long as this lives. */
export class TlsContext {
  /** For submissions. */
  readonly id: number;

  /**
   * @throws TypeError, RangeError for options of wrong type; LibeventError `ERR_TLS_CONTEXT` for a
   *   certificate, a key and so on that OpenSSL does not take
   */
  constructor(config: TlsContextConfig) {
    checkAvailable();
    const keys = ticketKeysOf(config);
    try {
      // Without such a name a server that asks for certificates could resume nothing.
      const made = createSecureContext({ sessionIdContext: 'rxjs-libevent', ...config });
      const { _external: external } = made.context as { readonly _external?: unknown };
      this.id = native.newTlsContext(external, keys, this);
    } catch (error) {
      const { message, name } = error as Error;
      // By their names: Node's own are of another realm where a test runner has several.
      if (name === 'TypeError' || name === 'RangeError') throw error;
      throw new LibeventError('ERR_TLS_CONTEXT', 'createSecureContext', { detail: message });
    }
  }

  /** A new one, where something is to be secured. */
  static for(options: TlsOptions | undefined): TlsContext | undefined {
    return options === undefined ? undefined : new TlsContext(options.context);
  }

  /** The one of these options, which the user has as one object. */
  static of(config: TlsContextConfig): TlsContext {
    let context = known.get(config);
    if (context === undefined) {
      context = new TlsContext(checkContext('sni', config));
      known.set(config, context);
    }
    return context;
  }
}
