import { type Observable, isObservable, of } from 'rxjs';
import { checkInteger } from '../common/check';
import { LibeventError } from '../common/LibeventError';
import { checkedOptions, type OptionTable, option } from '../common/options';
import type { Connection } from '../connection/Connection';
import {
  CONNECTION_OPTIONS,
  type ConnectionConfig,
  MAX_MS,
  connectionOptions,
} from '../connection/ConnectionConfig';
import type { Listener } from '../connection/Listener';
import { serve } from '../connection/serve';
import type { SessionHandler } from '../connection/reportSessionError';
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
import { fairConditions } from './NetworkConditions';
import { Peer } from './Peer';
import { joinPeers } from './joinPeers';
import { PEER_OPTIONS, type PeerConfig, PeerScript, type PeerValue } from './PeerScript';
import { type Rig, checkRunning } from './Rig';
import { type FileContent, ScriptedFile, type ScriptedFileConfig } from './ScriptedFile';
import type { RxjsHelpers } from './RxjsExpectations';
import { Probe } from './Probe';
import { VirtualBase } from './VirtualBase';
import { VirtualNetwork } from './VirtualNetwork';
import { advanceBy } from './advanceBy';
import type { Bytes } from './bytes';
import { kindOf } from './kindOf';
import { parseMarbles } from './parseMarbles';
import { type MarbleValues, withTable } from './withValues';

/** Options of a scripted connection: its peer's, and its own. */
export interface ScriptedConnectionConfig extends PeerConfig, ConnectionConfig {}

/** Options of an end of a pair, and of a peer that reacts. */
export interface PairEndConfig extends ConnectionConfig {
  /** What messages call it. Default: `'end 1'`, counted in the order of their making. */
  readonly name?: string;
  /**
   * Bytes of its output that the system takes while the other end does not read. Default: 65536.
   * Bounds: 1 up.
   */
  readonly bufferBytes?: number;
}

const PAIR_END_OPTIONS = {
  ...CONNECTION_OPTIONS,
  name: option.optional(option.text),
  bufferBytes: option.integer('bytes', 1, 2 ** 31 - 1, 65_536),
} satisfies OptionTable<PairEndConfig>;

const SCRIPTED_CONNECTION_OPTIONS = {
  ...PEER_OPTIONS,
  ...CONNECTION_OPTIONS,
} satisfies OptionTable<ScriptedConnectionConfig>;

/** Beside RxJS's `cold`, `hot`, `time` and `expectObservable`: what a test of connections needs. */
export interface MarbleHelpers extends RxjsHelpers, ExpectationHelpers {
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
  /**
   * Two connections over one link, so that a client is tested against its server. What one has sent and
   * the other has not read is the system's, up to `bufferBytes`.
   */
  pair(one?: PairEndConfig, other?: PairEndConfig): [Connection, Connection];
  /**
   * A peer that reacts: when it connects, `serve` runs the pipeline on its own connection. An error of
   * that fails the test.
   */
  peer(pipeline: SessionHandler, config?: PairEndConfig): Peer;
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
  /**
   * A file for `connection.sendFile`: its bytes, or the error that opening it fails with. No file of the system
   * is opened in a test: a path that has not been given is `ENOENT`.
   *
   * @param path - as the pipeline names it
   */
  file(path: string, content: FileContent, config?: ScriptedFileConfig): ScriptedFile;
  /**
   * A base, for pipelines that are given theirs: `scheduler`, `timer()`, `signal()`; `listen()` and
   * `connect()` over a network of this test, that takes no time.
   */
  readonly base: VirtualBase;
  /**
   * Lets virtual time pass by hand, with everything that happens meanwhile, so that the test can look in
   * between. What is made afterwards counts its frames from there; expectations count from the start.
   *
   * @param ms - Bounds: 0 to 2147483647
   */
  advanceBy(ms: number): void;
  /**
   * The same source, with what it is subscribed to logged, for `expectSubscriptions`: what a pipeline is given as an
   * inner source, and has to cancel.
   */
  probe<T>(source: Observable<T>): Probe<T>;
  /** Does something at frames: `at('--h--r', { h: () => …, r: () => … })`. */
  at(marbles: string, actions: MarbleValues<() => void>): void;
}

export function marbleHelpers(
  rig: Rig,
  expectations: Expectations,
  helpers: RxjsHelpers,
): MarbleHelpers {
  const network = new VirtualNetwork(rig, fairConditions);
  const check = (call: string, config: object, known: OptionTable<{ name: string }>): void => {
    checkRunning(rig, call);
    checkedOptions(`${call}: config`, config, { name: known.name }, known);
  };
  const newPeer = (call: string, name: string, script: PeerScript): Peer => {
    if (rig.peers.some((other) => other.name === name)) {
      throw new MarbleError(`${call}: there is a '${name}' already, a name is for one`);
    }
    return new Peer(name, script, rig);
  };
  const nameOf = (call: string, name: string | undefined): string =>
    name ?? `${call} ${String(rig.peers.length + 1)}`;
  const peer = (
    call: string,
    marbles: string | readonly Bytes[],
    values: MarbleValues<PeerValue> | undefined,
    config: PeerConfig,
  ): Peer => {
    const name = nameOf(call, config.name);
    return newPeer(call, name, new PeerScript(name, marbles, values, config));
  };
  const end = (call: string, config: PairEndConfig): Peer => {
    check(call, config, PAIR_END_OPTIONS);
    return newPeer(call, nameOf(call, config.name), new PeerScript(call, '', {}, {}));
  };
  const bytesOf = (config: PairEndConfig): number =>
    PAIR_END_OPTIONS.bufferBytes(config.bufferBytes, 'bufferBytes', {});
  const openPair = (
    [one, other]: readonly [Peer, Peer],
    configs: readonly [PairEndConfig, PairEndConfig],
  ): void => {
    joinPeers(one, other, [bytesOf(configs[0]), bytesOf(configs[1])]);
  };
  const reactingPeer = (pipeline: SessionHandler, config: PairEndConfig): Peer => {
    const near = end('peer', config);
    near.react = () => {
      const far = newPeer('peer', `${near.name}, its own end`, new PeerScript('peer', '', {}, {}));
      // What it leaves shows at the other end.
      for (const each of ['closed', 'holds', 'saturation', 'unread', 'unsent'] as const) {
        far.stated.add(each);
      }
      openPair([near, far], [config, config]);
      of(far.open(connectionOptions(config, PAIR_END_OPTIONS)))
        .pipe(serve(pipeline))
        .subscribe();
    };
    return near;
  };
  return {
    ...helpers,
    ...expectations.helpers,
    pair: (one = {}, other = {}) => {
      const ends = [end('end', one), end('end', other)] as const;
      openPair(ends, [one, other]);
      const [near, far] = ends;
      near.give(near.name, near);
      far.give(far.name, far);
      return [
        near.open(connectionOptions(one, PAIR_END_OPTIONS)),
        far.open(connectionOptions(other, PAIR_END_OPTIONS)),
      ];
    },
    peer: (
      does: string | readonly Bytes[] | SessionHandler,
      values: MarbleValues<PeerValue> | PairEndConfig = {},
      config: PeerConfig = {},
    ) => {
      if (typeof does === 'function') return reactingPeer(does, values);
      check('peer', config, PEER_OPTIONS);
      return peer('peer', does, values as MarbleValues<PeerValue>, config);
    },
    connection: (marbles, values, config = {}) => {
      check('connection', config, SCRIPTED_CONNECTION_OPTIONS);
      if (config.tls instanceof LibeventError) {
        throw new MarbleError('connection: it is open, so its handshake has not failed');
      }
      const options = connectionOptions(config, SCRIPTED_CONNECTION_OPTIONS);
      const far = peer('connection', marbles, values, config);
      far.give(far.name, far);
      far.start(options.encoding);
      return far.open(options);
    },
    listener: (marbles, values, config = {}) => {
      check('listener', config, SCRIPTED_LISTEN_OPTIONS);
      return new ListenerScript(rig, marbles, values, config).listener;
    },
    connector: (attempts, values, config = {}) => {
      check('connector', config, SCRIPTED_CONNECT_OPTIONS);
      return new ConnectorScript(rig, attempts, values, config).connect;
    },
    file: (path, content, config = {}) => {
      checkRunning(rig, 'file');
      return new ScriptedFile(rig, path, content, config);
    },
    base: new VirtualBase(rig.reactor, network, network.add('base')),
    advanceBy: (ms) => {
      checkRunning(rig, 'advanceBy');
      advanceBy(rig.scheduler, checkInteger('advanceBy: ms', ms, 0, MAX_MS, 'ms'));
    },
    probe: <T>(source: Observable<T>) => {
      checkRunning(rig, 'probe');
      if (isObservable(source)) return new Probe(source, () => rig.reactor.now());
      throw new MarbleError(`probe: takes an Observable, got ${kindOf(source)}`);
    },
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
