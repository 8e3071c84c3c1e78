import { LibeventError } from '../common/LibeventError';
import { checkedOptions, type OptionTable, option } from '../common/options';
import type { Acceptor, AcceptorHandler } from '../connection/Acceptor';
import {
  LISTEN_OPTIONS,
  type ListenConfig,
  type ListenOptions,
  listenOptions,
} from '../connection/ListenConfig';
import { Listener } from '../connection/Listener';
import { MarbleError } from './MarbleError';
import { type Mark, sign } from './Mark';
import { Peer } from './Peer';
import type { Rig } from './Rig';
import { VirtualAcceptor } from './VirtualAcceptor';
import { errnoName } from './errnoName';
import { kindOf } from './kindOf';
import { listenAddress } from './listenAddress';
import { parseMarbles } from './parseMarbles';
import { type MarbleValues, withTable } from './withValues';

/** What arrives at a scripted listener: a peer, or an error of accepting that passes. */
export type Arrival = Peer | LibeventError;

/** Options of a scripted listener. */
export interface ScriptedListenConfig extends ListenConfig {
  /** What messages call it. Default: `'listener 1'`, counted in the order of their making. */
  readonly name?: string;
  /** What `#` in the marbles is: the name of an errno. Default: `'EADDRINUSE'`. */
  readonly code?: string;
}

const OWN_OPTIONS = { name: option.optional(option.text), code: errnoName('EADDRINUSE') };

export const SCRIPTED_LISTEN_OPTIONS: OptionTable<ScriptedListenConfig> = {
  ...LISTEN_OPTIONS,
  ...OWN_OPTIONS,
};

const SYNTAX = { signs: '|#', endings: '|#', values: true };

/** A listening socket in virtual time: who connects when, by script, and the backlog. */
export class ListenerScript {
  readonly name: string;
  readonly listener: Listener;
  /** `^` where accepting begins, `!` where it stops. */
  readonly demand: Mark<never>[] = [];
  /** The connections that were emitted. */
  readonly accepted: Mark<Peer>[] = [];
  private readonly options: ListenOptions;
  private readonly code: string;
  /** Somebody has subscribed to it. */
  opened = false;
  /** @internal What its diagram says and nobody was there for, other than peers. */
  readonly missed: Mark[] = [];
  /** @internal Its failure in a check, at the line that has made it. */
  readonly fail = MarbleError.here();
  private open: VirtualAcceptor | undefined;
  /** One for each subscription. */
  private readonly acceptors: VirtualAcceptor[] = [];

  constructor(
    private readonly rig: Rig,
    marbles: string,
    values: MarbleValues<Arrival> | undefined,
    config: ScriptedListenConfig,
  ) {
    this.name = config.name ?? `listener ${String(rig.listeners.length + 1)}`;
    const known = SCRIPTED_LISTEN_OPTIONS;
    this.code = checkedOptions(`${this.name}: config`, config, OWN_OPTIONS, known).code;
    this.options = listenOptions(config, known);
    const arrivals = this.parse(marbles, values);
    this.listener = new Listener((handler) => this.openAcceptor(handler), this.options);
    for (const { frame, char, value } of arrivals) {
      rig.reactor.after(frame, () => {
        if (value === undefined) this.end(char === '#' ? '#' : '|');
        else this.arrive(value);
      });
    }
    rig.listeners.push(this);
  }

  /** What `serve` and `maxConnections` hold is their state; what is held by hand is released by hand. */
  get heldBy(): readonly unknown[] {
    return this.listener.heldBy;
  }

  private parse(marbles: string, values: MarbleValues<Arrival> | undefined): Mark<Arrival>[] {
    const what = this.name;
    const marks = parseMarbles(what, marbles, SYNTAX);
    return withTable<Arrival, Arrival>(what, marks, values, (value, char) => {
      if (value instanceof LibeventError) return value;
      if (!(value instanceof Peer)) {
        throw new MarbleError(
          `${what}: '${char}' must be a peer or a LibeventError, got ${kindOf(value)}`,
        );
      }
      value.give(what, this);
      return value;
    });
  }

  /** A peer connects, as the system sees it, or accepting has trouble. */
  arrive(value: Arrival): void {
    if (value instanceof LibeventError) {
      if (this.open === undefined) this.miss(value.code);
      else this.open.trouble(value);
      return;
    }
    if (this.open === undefined) value.refuse('waiting');
    else this.open.arrive(value);
  }

  private miss(char: string): void {
    this.missed.push({ frame: this.rig.reactor.now(), char });
  }

  /** Its base is closed, or listening fails. */
  end(how: '|' | '#'): void {
    const failed = how === '#';
    const ending = this.acceptors.filter((acceptor) => {
      return failed ? acceptor === this.open : !acceptor.closed;
    });
    if (ending.length === 0) this.miss(how);
    const { target } = this.options;
    const port = target.kind === 'ip' ? target.port : undefined;
    const error = failed ? new LibeventError(this.code, 'listen', { port }) : undefined;
    for (const acceptor of ending) acceptor.fail(error);
    // The base is closed, and with it whatever it has accepted.
    if (!failed) for (const { value } of this.accepted) value?.transport?.stop();
  }

  private openAcceptor(handler: AcceptorHandler): Acceptor {
    const { rig, options } = this;
    const { target } = options;
    const address = listenAddress(target);
    this.opened = true;
    const acceptor = new VirtualAcceptor(rig, options, address, handler, {
      onDemand: (on) => this.demand.push(sign(rig.reactor.now(), on ? '^' : '!')),
      onTaken: (peer) =>
        this.accepted.push({ frame: rig.reactor.now(), char: undefined, value: peer }),
      onAddressFree: () => {
        if (this.open === acceptor) this.open = undefined;
      },
    });
    this.acceptors.push(acceptor);
    if (this.open === undefined) {
      this.open = acceptor;
      rig.reactor.post(() => {
        if (this.open === acceptor) handler.onBound(address);
      });
    } else {
      acceptor.fail(new LibeventError('EADDRINUSE', 'bind', { port: address.port }));
    }
    return acceptor;
  }
}
