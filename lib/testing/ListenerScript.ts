import type { AddressInfo } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import { checkedOptions, type OptionTable, option } from '../common/options';
import type { Accepted, Acceptor, AcceptorHandler } from '../connection/Acceptor';
import {
  LISTEN_OPTIONS,
  type ListenConfig,
  type ListenOptions,
  listenOptions,
} from '../connection/ListenConfig';
import { Listener } from '../connection/Listener';
import { ipVersion } from '../connection/ipVersion';
import { ACCEPT_CREDIT } from '../connection/Listening';
import { MarbleError } from './MarbleError';
import { type Mark, sign } from './Mark';
import { Peer } from './Peer';
import type { Rig } from './Rig';
import type { VirtualHandler } from './VirtualReactor';
import { errnoName } from './errnoName';
import { kindOf } from './kindOf';
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
const DEFAULT_PORT = 40713;
/** How long accepting rests after the system has refused a descriptor: native/listener.cc. */
const RETRY_MS = 100;

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
    if (this.open === undefined) this.miss(how);
    const { target } = this.options;
    const port = target.kind === 'ip' ? target.port : undefined;
    this.open?.fail(failed ? new LibeventError(this.code, 'listen', { port }) : undefined);
    // The base is closed, and with it whatever it has accepted.
    if (!failed) for (const { value } of this.accepted) value?.transport?.stop();
  }

  private openAcceptor(handler: AcceptorHandler): Acceptor {
    const { rig, options } = this;
    const { target } = options;
    const address = addressOf(target);
    this.opened = true;
    const acceptor = new VirtualAcceptor(rig, options, address, handler, {
      onDemand: (on) => this.demand.push(sign(rig.reactor.now(), on ? '^' : '!')),
      onTaken: (peer) =>
        this.accepted.push({ frame: rig.reactor.now(), char: undefined, value: peer }),
      onClosed: () => {
        if (this.open === acceptor) this.open = undefined;
      },
    });
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

/** A name, and no host, are this machine. */
function addressOf(target: ListenOptions['target']): AddressInfo {
  if (target.kind === 'unix') return { family: 'unix', address: target.path, port: 0 };
  const host = target.kind === 'ip' ? (target.host ?? '') : '';
  const port = target.kind === 'ip' && target.port !== 0 ? target.port : DEFAULT_PORT;
  const version = ipVersion(host);
  if (version === 6) return { family: 'IPv6', address: host, port };
  return { family: 'IPv4', address: version === 4 ? host : '127.0.0.1', port };
}

/** The address of a connection that was accepted at one: `::` and `0.0.0.0` are none. */
function acceptedAt(address: AddressInfo): AddressInfo {
  if (address.address === '::') return { ...address, address: '::1' };
  return address.address === '0.0.0.0' ? { ...address, address: '127.0.0.1' } : address;
}

interface AcceptorWatch {
  onDemand(on: boolean): void;
  onTaken(peer: Peer): void;
  onClosed(): void;
}

/** `native/listener.cc` without a system: accepts while it is wanted and has credit. */
class VirtualAcceptor implements Acceptor, VirtualHandler {
  /** Those who are connected and not accepted, and behind them those who wait to be connected. */
  private readonly backlog: Peer[] = [];
  /** How many of them are connected: the backlog, and one more. */
  private connected = 0;
  private wanted = false;
  private allowance: number;
  private resting = false;
  private failing = false;
  private closed = false;

  constructor(
    private readonly rig: Rig,
    private readonly options: ListenOptions,
    private readonly address: AddressInfo,
    private readonly handler: AcceptorHandler,
    private readonly watch: AcceptorWatch,
  ) {
    this.allowance = Math.min(ACCEPT_CREDIT, options.maxConnections);
  }

  accept(on: boolean): void {
    if (on) this.rig.reactor.checkRunning('a listener was subscribed to');
    this.watch.onDemand(on);
    this.rig.reactor.submit(() => {
      this.wanted = on;
      this.turn();
    });
  }

  reference(): void {
    // Virtual time keeps no process alive.
  }

  credit(connections: number): void {
    this.rig.reactor.submit(() => {
      this.allowance += connections;
      this.turn();
    });
  }

  close(): void {
    if (this.wanted) this.watch.onDemand(false);
    this.watch.onClosed();
    this.rig.reactor.submit(() => {
      this.closed = true;
      for (const peer of this.backlog.splice(0)) peer.refuse('waiting');
    });
  }

  /** A peer wants to connect. Where the backlog has no room it waits; nobody is refused. */
  arrive(peer: Peer): void {
    this.backlog.push(peer);
    this.connectNext();
  }

  private connectNext(): void {
    for (; this.connected <= this.options.backlog; this.connected += 1) {
      const peer = this.backlog[this.connected];
      if (peer === undefined) return;
      peer.start(this.options.connection.encoding);
      this.rig.reactor.look(this);
    }
  }

  trouble(error: LibeventError): void {
    this.resting = true;
    this.rig.reactor.after(RETRY_MS, () => {
      this.resting = false;
      this.rig.reactor.look(this);
    });
    if (this.failing) return;
    this.failing = true;
    this.rig.reactor.post(() => {
      this.handler.onPaused(error);
    });
  }

  fail(error: LibeventError | undefined): void {
    this.closed = true;
    this.watch.onClosed();
    for (const peer of this.backlog.splice(0)) peer.refuse('waiting');
    this.rig.reactor.post(() => {
      this.handler.onFailed(error);
    });
  }

  turn(): void {
    while (!this.closed && this.wanted && !this.resting && this.allowance > 0) {
      const peer = this.backlog.shift();
      if (peer === undefined) return;
      this.connected -= 1;
      this.connectNext();
      this.allowance -= 1;
      if (this.failing) {
        this.failing = false;
        this.rig.reactor.post(() => {
          this.handler.onResumed();
        });
      }
      this.rig.reactor.post(() => {
        this.handler.onAccepted(this.accepted(peer));
      });
    }
  }

  private accepted(peer: Peer): Accepted {
    return {
      take: () => {
        this.watch.onTaken(peer);
        return peer.open(this.options.connection, { local: () => acceptedAt(this.address) });
      },
      refuse: () => {
        this.rig.reactor.submit(() => {
          peer.refuse('accepted');
        });
      },
    };
  }
}
