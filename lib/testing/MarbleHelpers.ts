import type { RunHelpers } from 'rxjs/testing';
import { checkedOptions, type OptionTable } from '../common/options';
import type { Connection } from '../connection/Connection';
import {
  CONNECTION_OPTIONS,
  type ConnectionConfig,
  connectionOptions,
} from '../connection/ConnectionConfig';
import type { Listener } from '../connection/Listener';
import type { ExpectationHelpers, Expectations } from './Expectations';
import {
  type Connect,
  ConnectorScript,
  type Outcome,
  SCRIPTED_CONNECT_OPTIONS,
  type ScriptedConnectConfig,
} from './ConnectorScript';
import {
  type Arrival,
  ListenerScript,
  SCRIPTED_LISTEN_OPTIONS,
  type ScriptedListenConfig,
} from './ListenerScript';
import { MarbleError } from './MarbleError';
import { Peer } from './Peer';
import { PEER_OPTIONS, type PeerConfig, PeerScript, type PeerValue } from './PeerScript';
import { type Rig, checkRunning } from './Rig';
import { VirtualBase } from './VirtualBase';
import type { Bytes } from './bytes';
import { kindOf } from './kindOf';
import { parseMarbles } from './parseMarbles';
import { type MarbleValues, withTable } from './withValues';

/** Options of a scripted connection: its peer's, and its own. */
export interface ScriptedConnectionConfig extends PeerConfig, ConnectionConfig {}

const SCRIPTED_CONNECTION_OPTIONS = {
  ...PEER_OPTIONS,
  ...CONNECTION_OPTIONS,
} satisfies OptionTable<ScriptedConnectionConfig>;

/** Beside RxJS's `cold`, `hot`, `time` and `expectObservable`: what a test of connections needs. */
export interface MarbleHelpers extends RunHelpers, ExpectationHelpers {
  /**
   * A connection that is open from frame 0. In the marbles, values are chunks that the peer sends,
   * `|` is its FIN, `#` its RST or another error; `!` it closes for good, and answers our next bytes
   * with RST. Instead of marbles: chunks that come at once,
   * then FIN.
   */
  connection(
    marbles: string | readonly Bytes[],
    values?: MarbleValues<PeerValue>,
    config?: ScriptedConnectionConfig,
  ): Connection;
  /** The other end of a connection that a `listener` accepts or a `connector` makes. */
  peer(
    marbles: string | readonly Bytes[],
    values?: MarbleValues<PeerValue>,
    config?: PeerConfig,
  ): Peer;
  /**
   * A listener at which peers arrive. `|` closes its base, `#` is a failure to listen; a
   * `LibeventError` as a value is trouble that passes.
   */
  listener(
    marbles: string,
    values?: MarbleValues<Arrival>,
    config?: ScriptedListenConfig,
  ): Listener;
  /**
   * A `connect` for the pipeline under test: one diagram for each attempt, counted from its start,
   * with a peer or `#` where it is decided. `connector(['--#', '-a'], { a: peer(…) })`.
   */
  connector(
    attempts: readonly string[],
    values?: MarbleValues<Outcome>,
    config?: ScriptedConnectConfig,
  ): Connect;
  /** The clock of a base, for pipelines that are given theirs: `scheduler` and `timer()`. */
  readonly base: VirtualBase;
  /** Does something at frames: `at('--h--r', { h: () => …, r: () => … })`. */
  at(marbles: string, actions: MarbleValues<() => void>): void;
}

export function marbleHelpers(
  rig: Rig,
  expectations: Expectations,
  helpers: RunHelpers,
): MarbleHelpers {
  const check = (call: string, config: object, known: OptionTable<{ name: string }>): void => {
    checkRunning(rig, call);
    checkedOptions(`${call}: config`, config, { name: known.name }, known);
  };
  const peer = (
    call: string,
    [marbles, values, config = {}]: Parameters<MarbleHelpers['peer']>,
  ): Peer => {
    const name = config.name ?? `${call} ${String(rig.peers.length + 1)}`;
    if (rig.peers.some((other) => other.name === name)) {
      throw new MarbleError(`${call}: there is a '${name}' already, a name is for one`);
    }
    return new Peer(name, new PeerScript(name, marbles, values, config), rig);
  };
  return {
    ...helpers,
    ...expectations.helpers,
    peer: (marbles, values, config = {}) => {
      check('peer', config, PEER_OPTIONS);
      return peer('peer', [marbles, values, config]);
    },
    connection: (marbles, values, config = {}) => {
      check('connection', config, SCRIPTED_CONNECTION_OPTIONS);
      const options = connectionOptions(config, SCRIPTED_CONNECTION_OPTIONS);
      const end = peer('connection', [marbles, values, config]);
      end.give(end.name, end);
      end.start(options.encoding);
      return end.open(options);
    },
    listener: (marbles, values, config = {}) => {
      check('listener', config, SCRIPTED_LISTEN_OPTIONS);
      return new ListenerScript(rig, marbles, values, config).listener;
    },
    connector: (attempts, values, config = {}) => {
      check('connector', config, SCRIPTED_CONNECT_OPTIONS);
      return new ConnectorScript(rig, attempts, values, config).connect;
    },
    base: new VirtualBase(rig.reactor),
    at: (marbles, actions) => {
      checkRunning(rig, 'at');
      const marks = parseMarbles('at', marbles, { signs: '', endings: '', values: true });
      const dos = withTable<() => void, () => void>('at', marks, actions, (action, char) => {
        if (typeof action === 'function') return action;
        throw new MarbleError(`at: '${char}' must be a function, got ${kindOf(action)}`);
      });
      for (const { frame, value } of dos) rig.reactor.after(frame, () => value?.());
    },
  };
}
