import type { Observable, Subscription } from 'rxjs';
import type { AddressInfo } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import {
  type ConnectConfig,
  type ConnectOptions,
  connectOptions,
} from '../connection/ConnectConfig';
import type { Connection } from '../connection/Connection';
import type { Connector, ConnectorHandler } from '../connection/Connector';
import { connectWith } from '../connection/connectWith';
import { MarbleError } from './MarbleError';
import type { Mark } from './Mark';
import { Peer } from './Peer';
import type { Rig } from './Rig';
import { checkCode } from './checkCode';
import { kindOf } from './kindOf';
import { parseMarbles } from './parseMarbles';
import { type MarbleValues, withTable } from './withValues';

/** What an attempt to connect comes to: a peer, or an error. */
export type Outcome = Peer | LibeventError;

/** Options of a scripted `connect`. */
export interface ScriptedConnectConfig {
  /** What messages call it. Default: `'connector 1'`, counted in the order of their making. */
  readonly name?: string;
  /** What `#` in the marbles is: the name of an errno. Default: `'ECONNREFUSED'`. */
  readonly code?: string;
}

/** `connect` of the library or of a base, as a pipeline takes it. */
export type Connect = (config: ConnectConfig) => Observable<Connection>;

const SYNTAX = { signs: '#', endings: '#', values: true };
const ADDRESS: AddressInfo = { family: 'IPv4', address: '127.0.0.1', port: 0 };

/** Attempts to connect in virtual time: what each of them comes to, and when. */
export class ConnectorScript {
  readonly name: string;
  /** When an attempt began, with its number. */
  readonly attempts: Mark<string>[] = [];
  readonly connect: Connect;
  /** The pipeline has called it. */
  called = false;
  private readonly code: string;
  private readonly outcomes: readonly (Mark<Outcome> | undefined)[];

  constructor(
    private readonly rig: Rig,
    attempts: readonly string[],
    values: MarbleValues<Outcome> | undefined,
    config: ScriptedConnectConfig,
  ) {
    this.name = config.name ?? `connector ${String(rig.connectors.length + 1)}`;
    this.code = checkCode(this.name, config.code ?? 'ECONNREFUSED');
    if (!Array.isArray(attempts)) {
      throw new MarbleError(`${this.name}: attempts must be an array, one diagram for each`);
    }
    this.outcomes = attempts.map((marbles: string, index) =>
      this.parse(marbles, values, index + 1),
    );
    this.connect = (target) => {
      this.called = true;
      const options = connectOptions(target);
      return connectWith(options, (handler) => new VirtualConnector(rig, this, options, handler));
    };
    rig.connectors.push(this);
  }

  /** The next attempt begins: what it comes to, undefined for no answer. */
  next(): Mark<Outcome> | undefined {
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
      if (value instanceof Peer) value.give(what);
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

/** One subscription's attempts, one at a time. */
class VirtualConnector implements Connector {
  private underWay: Subscription | undefined;
  private round = 0;

  constructor(
    private readonly rig: Rig,
    private readonly script: ConnectorScript,
    private readonly options: ConnectOptions,
    private readonly handler: ConnectorHandler,
  ) {}

  lookup(): void {
    const { target } = this.options;
    const port = target.kind === 'ip' ? target.port : 0;
    this.tell(() => {
      this.handler.onFound([{ ...ADDRESS, port }]);
    });
  }

  connect(address: AddressInfo): void {
    const { rig, script, options, handler } = this;
    const outcome = script.next();
    if (outcome === undefined) return;
    this.underWay = rig.reactor.after(outcome.frame, () => {
      const { value } = outcome;
      if (value instanceof Peer) value.start(options.connection.encoding);
      this.tell(() => {
        if (value instanceof Peer) {
          handler.onConnected(value.open(options.connection, { remote: () => address }));
        } else {
          handler.onFailed(script.errorOf(outcome, address));
        }
      });
    });
  }

  cancel(): void {
    this.round += 1;
    this.underWay?.unsubscribe();
  }

  private tell(what: () => void): void {
    const { round } = this;
    this.rig.reactor.post(() => {
      if (round === this.round) what();
    });
  }
}
