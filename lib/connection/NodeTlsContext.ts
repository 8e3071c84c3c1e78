import { constants, randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { TICKET_KEY_BYTES, secureContext } from './secureContext';
import { type TlsContextConfig, type TlsOptions, checkContext } from './TlsConfig';

/** What counts of the context of a name; the rest is the listener's. */
const IDENTITY = [
  'cert',
  'key',
  'pfx',
  'passphrase',
  'ca',
  'crl',
  'allowPartialTrustChain',
] as const satisfies readonly (keyof TlsContextConfig)[];

/** Another runtime may have no such option, and renegotiate nothing. */
const { SSL_OP_NO_RENEGOTIATION = 0 } = constants as { readonly SSL_OP_NO_RENEGOTIATION?: number };

/** What all names of a listener have in common. */
function contextOf(options: TlsOptions): TlsContextConfig {
  const { context } = options;
  const secureOptions = (context.secureOptions ?? 0) | SSL_OP_NO_RENEGOTIATION;
  if (options.role === 'client' || options.sni === undefined) return { ...context, secureOptions };
  const { ticketKeys = randomBytes(TICKET_KEY_BYTES) } = context;
  // A client that the authorities of one name have verified could go on under another.
  const tickets = options.requestCert ? constants.SSL_OP_NO_TICKET : 0;
  return { ...context, secureOptions: secureOptions | tickets, ticketKeys };
}

/** The contexts of what `node:tls` secures: that of the options, and those of the names. */
export class NodeTlsContext {
  readonly secureContext: SecureContext;
  private readonly context: TlsContextConfig;
  private readonly names = new WeakMap<TlsContextConfig, SecureContext>();

  /** @throws what {@link secureContext} throws */
  constructor(options: TlsOptions) {
    this.context = contextOf(options);
    this.secureContext = secureContext(this.context);
  }

  /** That of a name, which the user has as one object. */
  of(config: TlsContextConfig): SecureContext {
    let made = this.names.get(config);
    if (made === undefined) {
      checkContext('sni', config);
      const identity = Object.fromEntries(IDENTITY.map((name) => [name, config[name]]));
      made = secureContext({ ...this.context, ...identity });
      this.names.set(config, made);
    }
    return made;
  }
}
