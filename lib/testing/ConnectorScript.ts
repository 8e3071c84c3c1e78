import { type Observable, Subscription } from 'rxjs';
import type { AddressInfo } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import { checkedOptions, type OptionTable, option } from '../common/options';
import {
  type ConnectConfig,
  type ConnectOptions,
  connectOptions,
} from '../connection/ConnectConfig';
import type { Connection } from '../connection/Connection';
import type { Connector, ConnectorHandler, OpenConnector } from '../connection/Connector';
import type { Session } from '../connection/connectSession';
import { connectWith } from '../connection/connectWith';
import { ipVersion } from '../connection/ipVersion';
import { MarbleError } from './MarbleError';
import type { Mark } from './Mark';
import { Peer } from './Peer';
import type { Rig } from './Rig';
import { errnoName } from './errnoName';
import { kindOf } from './kindOf';
import { parseMarbles } from './parseMarbles';
import { type MarbleValues, withTable } from './withValues';

/** What an attempt to connect comes to: a peer, or an error. */
export type Outcome = Peer | LibeventError;

/** Options of a scripted `connect`. */
export interface ScriptedConnectConfig {
  /** What messages call it. Default: `'connector 1'`, counted in the order of their making. */
  readonly name?: string;
  /**
   * What `#` in the marbles is: the name of an errno, or of how a look-up fails, as `'ENOTFOUND'`, where
   * a name is looked up. Default: `'ECONNREFUSED'`.
   */
  readonly code?: string;
  /** What every name is resolved to, in the resolver's order. Default: `['127.0.0.1']`. */
  readonly addresses?: readonly string[];
}

function addressesOf(name: string, addresses: unknown): readonly AddressInfo[] {
  if (!Array.isArray(addresses) || addresses.length === 0) {
    throw new MarbleError(`${name} must be an array of at least one`);
  }
  return addresses.map((address: string) => {
    const version = ipVersion(address);
    if (version === 0) throw new MarbleError(`${name}: '${address}' must be a numeric address`);
    return { family: version === 4 ? 'IPv4' : 'IPv6', address, port: 0 };
  });
}

export const SCRIPTED_CONNECT_OPTIONS = {
  name: option.optional(option.text),
  code: errnoName('ECONNREFUSED'),
  addresses: (value, name) => addressesOf(name, value ?? ['127.0.0.1']),
} satisfies OptionTable<ScriptedConnectConfig>;

/** `connect` of the library or of a base, as a pipeline takes it. */
export interface Connect {
  (config: ConnectConfig): Observable<Connection>;
  <T>(config: ConnectConfig, session: Session<T>): Observable<T>;
}

const LOOKUP = 'getaddrinfo';
/** Of what the look-up of a name fails with. */
const LOOKUP_CODES = /^(ENOTFOUND|ENODATA|EAI_[A-Z]+)$/;
const SYNTAX = { signs: '#', endings: '#', values: true };

/** Attempts to connect in virtual time: what each of them comes to, and when. */
export class ConnectorScript {
  readonly name: string;
  /** When an attempt began, with its number. */
  readonly attempts: Mark<string>[] = [];
  readonly connect: Connect;
  /** The pipeline has called it. */
  called = false;
  /** What every name is resolved to. */
  readonly addresses: readonly AddressInfo[];
  /** @internal Its failure in a check, at the line that has made it. */
  readonly fail = MarbleError.here();
  private readonly code: string;
  readonly outcomes: readonly (Mark<Outcome> | undefined)[];

  constructor(
    private readonly rig: Rig,
    attempts: readonly string[],
    values: MarbleValues<Outcome> | undefined,
    config: ScriptedConnectConfig,
  ) {
    this.name = config.name ?? `connector ${String(rig.connectors.length + 1)}`;
    const options = checkedOptions(`${this.name}: config`, config, SCRIPTED_CONNECT_OPTIONS);
    this.code = options.code;
    this.addresses = options.addresses;
    if (!Array.isArray(attempts)) {
      throw new MarbleError(`${this.name}: attempts must be an array, one diagram for each`);
    }
    this.outcomes = attempts.map((marbles: string, index) =>
      this.parse(marbles, values, index + 1),
    );
    this.connect = <T>(target: ConnectConfig, session?: Session<T>) => {
      this.called = true;
      const options = connectOptions(target);
      const openConnector: OpenConnector = (handler) =>
        new VirtualConnector(rig, this, options, handler);
      return connectWith(options, openConnector, session) as Observable<T & Connection>;
    };
    rig.connectors.push(this);
  }

  /** The next attempt begins: what it comes to, undefined for no answer. */
  next(): Mark<Outcome> | undefined {
    this.rig.reactor.checkRunning(`${this.name} was used`);
    const number = this.attempts.length + 1;
    this.attempts.push({ frame: this.rig.reactor.now(), char: undefined, value: String(number) });
    if (number > this.outcomes.length) {
      const scripted = String(this.outcomes.length);
      throw new MarbleError(
        `${this.name}: attempt ${String(number)} at frame ${String(this.rig.reactor.now())}, the script has ${scripted}`,
      );
    }
    return this.outcomes[number - 1];
  }

  /** How the look-up of a name fails, if that is what the next attempt comes to; it is made, then. */
  lookupFailure(
    host: string,
    port: number,
  ): { readonly frame: number; readonly value: LibeventError } | undefined {
    const outcome = this.outcomes[this.attempts.length];
    if (outcome === undefined || outcome.value instanceof Peer) return undefined;
    const isFound =
      outcome.value === undefined
        ? !LOOKUP_CODES.test(this.code)
        : outcome.value.syscall !== LOOKUP;
    if (isFound) return undefined;
    const { frame } = outcome;
    this.next();
    return {
      frame,
      value: outcome.value ?? new LibeventError(this.code, LOOKUP, { address: host, port }),
    };
  }

  errorOf(outcome: Mark<Outcome>, { address, port }: AddressInfo): LibeventError {
    if (outcome.value instanceof LibeventError) return outcome.value;
    return new LibeventError(this.code, 'connect', { address, port });
  }

  private parse(
    marbles: string,
    values: MarbleValues<Outcome> | undefined,
    number: number,
  ): Mark<Outcome> | undefined {
    const what = `${this.name}: attempt ${String(number)}`;
    const marks = parseMarbles(what, marbles, SYNTAX);
    const outcomes = withTable<Outcome, Outcome>(what, marks, values, (value, char) => {
      if (value instanceof Peer) value.give(what, this);
      else if (!(value instanceof LibeventError)) {
        throw new MarbleError(
          `${what}: '${char}' must be a peer or a LibeventError, got ${kindOf(value)}`,
        );
      }
      return value;
    });
    if (outcomes.length > 1) {
      throw new MarbleError(`${what}: comes to one thing, a peer or an error: '${marbles}'`);
    }
    return outcomes[0];
  }
}

/** One subscription's attempts, which may overlap. */
class VirtualConnector implements Connector {
  private underWay = new Subscription();

  constructor(
    private readonly rig: Rig,
    private readonly script: ConnectorScript,
    private readonly options: ConnectOptions,
    private readonly handler: ConnectorHandler,
  ) {}

  lookup(host: string): void {
    const { target } = this.options;
    const port = target.kind === 'ip' ? target.port : 0;
    const failure = this.script.lookupFailure(host, port);
    if (failure !== undefined) {
      this.underWay.add(
        this.rig.reactor.after(failure.frame, () => {
          this.post(() => {
            this.handler.onNotFound(failure.value);
          });
        }),
      );
      return;
    }
    this.post(() => {
      this.handler.onFound(this.script.addresses.map((address) => ({ ...address, port })));
    });
  }

  connect(address: AddressInfo): void {
    const { rig, script, options, handler } = this;
    const outcome = script.next();
    if (outcome === undefined) return;
    const due = rig.reactor.after(outcome.frame, () => {
      const { value } = outcome;
      if (value instanceof Peer) value.start(options.connection.encoding);
      const refused = value instanceof Peer ? value.handshakeError : undefined;
      this.post(() => {
        if (value instanceof Peer && refused === undefined) {
          handler.onConnected(value.open(options.connection, { remote: () => address }));
        } else {
          if (value instanceof Peer) value.refuse('accepted');
          handler.onFailed(address, refused ?? script.errorOf(outcome, address));
        }
      });
    });
    this.underWay.add(due);
  }

  cancel(): void {
    this.underWay.unsubscribe();
    this.underWay = new Subscription();
  }

  /** Reports, unless it is cancelled before. */
  private post(report: () => void): void {
    const { underWay } = this;
    this.rig.reactor.post(() => {
      if (!underWay.closed) report();
    });
  }
}
