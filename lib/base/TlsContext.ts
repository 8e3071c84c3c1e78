import { hkdfSync } from 'node:crypto';
import { NodeTlsContext } from '../connection/NodeTlsContext';
import { secureContext } from '../connection/secureContext';
import { LibeventError } from '../common/LibeventError';
import { type TlsContextConfig, type TlsOptions, checkContext } from '../connection/TlsConfig';
import { native } from '../native';

/** OpenSSL's ticket keys: a name of 16 bytes, and two keys of 32. Node's have 16 each. */
const NAME_BYTES = 16;
const KEY_BYTES = 64;

/** Of names, without a key log and with one: formatting the secrets costs 4 % of a handshake. */
const known = {
  silent: new WeakMap<TlsContextConfig, TlsContext>(),
  logging: new WeakMap<TlsContextConfig, TlsContext>(),
};
let whyNot: string | undefined | null = null;

/** Why the reactors cannot reach Node's OpenSSL; undefined where they can. */
function whyNoReactor(): string | undefined {
  if (whyNot === null) whyNot = native.whyNoTls(process.versions.openssl);
  return whyNot;
}

/** What `createSecureContext` sets in its own callback, which the addon takes away. */
function ticketKeysOf({ ticketKeys }: TlsContextConfig): Buffer {
  if (ticketKeys === undefined) return Buffer.alloc(0);
  const keys = hkdfSync('sha256', ticketKeys, '', 'rxjs-libevent session tickets', KEY_BYTES);
  return Buffer.concat([ticketKeys.subarray(0, NAME_BYTES), Buffer.from(keys)]);
}

/** An SSL_CTX that Node has made, for the reactors to use as long as this lives. */
export class TlsContext {
  /** For submissions. */
  readonly id: number;

  /**
   * @param logsKeys - whether sessions of it may have a key log
   * @throws what {@link secureContext} throws
   */
  constructor(config: TlsContextConfig, logsKeys: boolean) {
    const made = secureContext(config);
    const { _external: external } = made.context as { readonly _external?: unknown };
    this.id = native.newTlsContext(external, ticketKeysOf(config), this, logsKeys);
  }

  /**
   * A new one, by the engine that the options ask for, or that there is.
   *
   * @throws what {@link secureContext} throws; LibeventError `ERR_TLS_NOT_AVAILABLE`
   */
  static for(options: TlsOptions): TlsContext | NodeTlsContext {
    const { engine } = options;
    const reason = engine === 'node' ? undefined : whyNoReactor();
    if (engine === 'reactor' && reason !== undefined) {
      throw new LibeventError('ERR_TLS_NOT_AVAILABLE', 'createSecureContext', { detail: reason });
    }
    const byNode = engine === 'node' || reason !== undefined;
    return byNode
      ? new NodeTlsContext(options)
      : new TlsContext(options.context, options.keylog !== undefined);
  }

  /** The one of these options, which the user has as one object. */
  static of(config: TlsContextConfig, logsKeys: boolean): TlsContext {
    const contexts = known[logsKeys ? 'logging' : 'silent'];
    let context = contexts.get(config);
    if (context === undefined) {
      context = new TlsContext(checkContext('sni', config), logsKeys);
      contexts.set(config, context);
    }
    return context;
  }
}
