import type { AddressInfo } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import type { Acceptor, AcceptorHandler } from '../connection/Acceptor';
import type { Connection } from '../connection/Connection';
import type { ConnectionOptions } from '../connection/ConnectionConfig';
import type { ListenOptions } from '../connection/ListenConfig';
import { Machine } from './Machine';
import type { NetworkConditions } from './NetworkConditions';
import { Peer } from './Peer';
import { PeerScript } from './PeerScript';
import type { Rig } from './Rig';
import { VirtualAcceptor } from './VirtualAcceptor';
import { joinPeers } from './joinPeers';
import { DEFAULT_PORT, listenAddress } from './listenAddress';

/** What an attempt to connect comes to. */
export interface DialHandler {
  onConnected(connection: Connection): void;
  onFailed(error: LibeventError): void;
}

const LOOPBACK = /^(127\.|::1$|localhost$)/;

/** Machines, who listens on them, and the connections between them, in virtual time. */
export class VirtualNetwork {
  readonly machines: Machine[] = [];
  /** Listeners and clients that were made, whether or not anybody has subscribed to them. */
  madeCount = 0;

  constructor(
    private readonly rig: Rig,
    private readonly conditions: NetworkConditions,
  ) {}

  /** Another machine, reached by its name and its address. */
  add(name: string): Machine {
    const number = this.machines.length + 1;
    const machine = new Machine(name, `10.0.${String(number >> 8)}.${String(number & 255)}`);
    this.machines.push(machine);
    return machine;
  }

  find(name: string): Machine | undefined {
    return this.machines.find((machine) => machine.name === name);
  }

  /** What a machine knows by a name. */
  addressOf(from: Machine, host: string): string | undefined {
    return LOOPBACK.test(host) ? '127.0.0.1' : this.find(host === from.name ? '' : host)?.address;
  }

  listen(machine: Machine, options: ListenOptions, handler: AcceptorHandler): Acceptor {
    const { rig } = this;
    const wanted = listenAddress(options.target);
    const isAny = options.target.kind === 'ip' && options.target.port === 0;
    const port = isAny ? freePort(machine) : wanted.port;
    const address = { ...wanted, port };
    const key = keyOf(address);
    const acceptor = new VirtualAcceptor(rig, options, address, handler, {
      onDemand: () => undefined,
      onTaken: () => undefined,
      onAddressFree: () => {
        if (machine.listening.get(key) === acceptor) machine.listening.delete(key);
      },
    });
    if (machine.listening.has(key)) {
      acceptor.fail(new LibeventError('EADDRINUSE', 'bind', whereOf(address)));
      return acceptor;
    }
    machine.listening.set(key, acceptor);
    rig.reactor.post(() => {
      if (machine.listening.get(key) === acceptor) handler.onBound(address);
    });
    return acceptor;
  }

  /**
   * Connects, later.
   *
   * @returns gives the attempt up, and closes what has come of it
   */
  dial(
    from: Machine,
    address: AddressInfo,
    options: ConnectionOptions,
    handler: DialHandler,
  ): () => void {
    const { rig, conditions } = this;
    from.attempts += 1;
    const name = `${from.name} #${String(from.attempts)}`;
    let state: 'dialling' | 'decided' | 'cancelled' = 'dialling';
    const near = this.newPeer(name, {});
    near.give(name, this);
    // What becomes of it is reported to the one that connects.
    near.stated.add('connected');
    const decide = (report: () => void): void => {
      if (state !== 'dialling') return;
      state = 'decided';
      rig.reactor.post(() => {
        if (state === 'decided') report();
      });
    };
    const fail = (error: LibeventError): void => {
      decide(() => {
        near.refusedAt = rig.reactor.now();
        handler.onFailed(error);
      });
    };
    const failWith = (code: string): void => {
      fail(new LibeventError(code, 'connect', whereOf(address)));
    };
    const cancel = (): void => {
      if (near.connection === undefined) near.link?.close(true);
      state = 'cancelled';
    };
    const refusal = conditions.refusal(name);
    const to = this.machineAt(from, address);
    if (refusal !== undefined) fail(refusal);
    else if (to === undefined) failWith('EHOSTUNREACH');
    else {
      const path = conditions.path(from, to, name, failWith);
      const [there, back] = path.wires;
      there.carry('syn', () => {
        const refuse = (): void => {
          back.carry('answer', () => {
            failWith('ECONNREFUSED');
          });
        };
        const acceptor = to.listening.get(keyOf(address));
        const listener = `${to.name}:${String(keyOf(address))}`;
        if (acceptor === undefined || !conditions.onArrival(acceptor, listener)) {
          refuse();
          return;
        }
        const far = this.newPeer(`${name} at ${to.name}`, { address: from.address });
        far.give(far.name, acceptor);
        far.onRefused = refuse;
        far.react = () => {
          joinPeers(near, far, path.bufferBytes, path);
          path.onJoined(near, far);
          back.carry('answer', () => {
            if (state === 'cancelled') near.link?.close(true);
            decide(() => {
              const local: AddressInfo = { family: 'IPv4', address: from.address, port: 0 };
              handler.onConnected(
                near.open(options, { remote: () => address, local: () => local }),
              );
            });
          });
        };
        acceptor.arrive(far);
      });
    }
    return cancel;
  }

  private newPeer(name: string, config: { readonly address?: string }): Peer {
    return new Peer(name, new PeerScript(name, '', {}, config), this.rig);
  }

  private machineAt(from: Machine, { family, address }: AddressInfo): Machine | undefined {
    if (family === 'unix' || LOOPBACK.test(address)) return from;
    return this.machines.find((machine) => machine.address === address);
  }
}

function keyOf({ family, address, port }: AddressInfo): number | string {
  return family === 'unix' ? address : port;
}

function whereOf({ family, address, port }: AddressInfo): {
  address: string;
  port: number | undefined;
} {
  return { address, port: family === 'unix' ? undefined : port };
}

function freePort({ listening }: Machine): number {
  let port = DEFAULT_PORT;
  while (listening.has(port)) port += 1;
  return port;
}
