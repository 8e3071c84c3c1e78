import type { SecureContext } from 'node:tls';
import { ClientHello } from './ClientHello';
import type { NodeTlsContext } from './NodeTlsContext';
import type { TlsServerConfig } from './TlsConfig';

/** Fatal alerts, as they are on the wire. RFC 8446, 6. */
const UNRECOGNIZED_NAME = Buffer.from('15030300020270', 'hex');
const INTERNAL_ERROR = Buffer.from('15030300020250', 'hex');

/** What {@link ServerNames} reports, in a later turn. */
export interface ServerNamesOwner {
  /** @param hello - what has come until now */
  onContext(secureContext: SecureContext, hello: Buffer): void;
  /** @param alert - that says so to the client */
  onNameRefused(detail: string, alert: Buffer): void;
  /** Nothing should be received until there is an answer. */
  onDemand(): void;
}

/**
 * Asks `sni` for the context of the name in a client's greeting, in front of the session. `SNICallback`
 * of `node:tls` is not called for a client that names nobody, and in other runtimes not at all.
 */
export class ServerNames {
  /** The name that has been asked about. */
  asked: string | undefined;
  private readonly hello = new ClientHello();

  constructor(
    private readonly sni: NonNullable<TlsServerConfig['sni']>,
    private readonly context: NodeTlsContext,
    private readonly owner: ServerNamesOwner,
  ) {}

  add(bytes: Buffer): void {
    if (this.asked !== undefined) {
      this.hello.keep(bytes);
      return;
    }
    const name = this.hello.add(bytes);
    if (name === undefined) return;
    // What is no greeting is for OpenSSL to refuse.
    if (name === null) this.owner.onContext(this.context.secureContext, this.hello.bytes);
    else this.ask(name);
  }

  private ask(name: string): void {
    const { owner, context, sni } = this;
    this.asked = name;
    owner.onDemand();
    // Whatever it does: throw, answer, or promise.
    Promise.resolve()
      .then(() => sni(name))
      .then((config) => {
        if (config === null) {
          owner.onNameRefused(`the name '${name}' is refused`, UNRECOGNIZED_NAME);
          return;
        }
        const own = config === undefined ? context.secureContext : context.of(config);
        owner.onContext(own, this.hello.bytes);
      })
      .catch((error: unknown) => {
        const words = error instanceof Error ? error.message : String(error);
        owner.onNameRefused(`sni has failed for the name '${name}': ${words}`, INTERNAL_ERROR);
      });
  }
}
