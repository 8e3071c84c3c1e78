import { type Observable, defer, tap } from 'rxjs';
import type { ListenConfig, Session } from 'rxjs-libevent';
import { TestScheduler } from 'rxjs/testing';
import { Connection } from '../../lib/connection/Connection';
import { type ConnectionConfig, connectionOptions } from '../../lib/connection/ConnectionConfig';
import { useTurns } from '../../lib/flow/laterTurn';
import { ConnectorScript } from '../../lib/testing/ConnectorScript';
import { ListenerScript } from '../../lib/testing/ListenerScript';
import { Peer } from '../../lib/testing/Peer';
import { PeerScript } from '../../lib/testing/PeerScript';
import type { Rig } from '../../lib/testing/Rig';
import { VirtualLink } from '../../lib/testing/VirtualLink';
import { VirtualReactor } from '../../lib/testing/VirtualReactor';
import { VirtualTransport } from '../../lib/testing/VirtualTransport';
import { Gathered } from '../support/Gathered';
import {
  type Harness,
  MAX_OUTPUT_BYTES,
  type Pair,
  type RemoteEnd,
  type Server,
  type Target,
} from './Harness';

const SEND_BUFFER_BYTES = 1 << 20;
const ADDRESS = { family: 'IPv4', address: '127.0.0.1', port: 1 } as const;

/** Virtual time that goes on by itself: each frame when a case waits, and on to the next timer. */
export class VirtualHarness implements Harness {
  readonly name = 'the virtual transport';
  readonly moreThanSystem = 4 * SEND_BUFFER_BYTES;
  private scheduler = new TestScheduler(() => undefined);
  private reactor = new VirtualReactor(this.scheduler);
  private rig: Rig = this.newRig();

  async run(body: () => Promise<void>): Promise<void> {
    const scheduler = new TestScheduler(() => undefined);
    scheduler.maxFrames = 0;
    this.scheduler = scheduler;
    this.reactor = new VirtualReactor(scheduler);
    this.rig = this.newRig();
    const restore = useTurns((turn) => {
      scheduler.schedule(turn);
    });
    try {
      await body();
    } finally {
      restore();
    }
  }

  private newRig(): Rig {
    const { scheduler, reactor } = this;
    const assert = (): void => undefined;
    const none = { peers: [], listeners: [], connectors: [], files: [], checks: [] };
    return { scheduler, reactor, sessionErrors: 'warned', assert, ...none };
  }

  open(config: ConnectionConfig = {}): Promise<Pair> {
    const options = connectionOptions({ maxOutputBytes: MAX_OUTPUT_BYTES, ...config });
    const seen: string[] = [];
    const received = new Gathered();
    const link = new VirtualLink(
      { sendBufferBytes: SEND_BUFFER_BYTES, takes: Infinity, coalesce: true },
      {
        onBytes: (chunk) => {
          received.add(chunk);
        },
        onFin: () => seen.push('fin'),
        onReset: () => seen.push('rst'),
      },
    );
    const transport = new VirtualTransport(this.reactor, link, options.read.high);
    const conn = new Connection(transport, options, {
      local: () => ADDRESS,
      remote: () => ADDRESS,
    });
    const remote = {
      send: (bytes: string | Uint8Array) => {
        link.send(Buffer.from(bytes as string));
      },
      end: () => {
        link.end();
      },
      close: () => {
        link.closeFully();
      },
      reset: () => {
        link.fail('ECONNRESET');
      },
      read: (on: boolean) => {
        if (on) link.take(Infinity);
        else link.stop();
      },
      take: (bytes: number) => {
        link.take(bytes);
      },
      get received() {
        return received.bytes;
      },
      seen,
    };
    return Promise.resolve({ conn, remote });
  }

  server(config: ListenConfig = {}): Server {
    const script = new ListenerScript(this.rig, '', {}, config);
    return {
      listener: script.listener,
      dial: () => {
        const peer = this.peer();
        script.arrive(peer);
        return Promise.resolve(remoteEnd(peer));
      },
      closeBase: () => {
        script.end('|');
        return Promise.resolve();
      },
    };
  }

  target(): Promise<Target> {
    const remotes: RemoteEnd[] = [];
    let reached = true;
    const connect = <T>(config = {}, session?: Session<T>): Observable<T & Connection> =>
      defer(() => {
        const peer = this.peer();
        const { connect } = new ConnectorScript(this.rig, [reached ? 'p' : '#'], { p: peer }, {});
        const opened = (): unknown => remotes.push(remoteEnd(peer));
        const target = { ...config, port: 1 };
        if (session === undefined) {
          return (connect(target) as Observable<T & Connection>).pipe(tap(opened));
        }
        return connect(target, (conn) => {
          opened();
          return session(conn) as Observable<T & Connection>;
        });
      });
    const listens = (on: boolean): Promise<void> => {
      reached = on;
      return Promise.resolve();
    };
    return Promise.resolve({ connect, listens, remotes });
  }

  private peer(): Peer {
    const name = `peer ${String(this.rig.peers.length + 1)}`;
    const config = { sendBufferBytes: SEND_BUFFER_BYTES, coalesce: true };
    return new Peer(name, new PeerScript(name, '', {}, config), this.rig);
  }

  async settled(): Promise<void> {
    await this.frame();
    await this.frame();
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) {
      await this.frame();
      if (condition()) return;
      // The next timer fires only when nothing else is under way.
      const next = this.scheduler.actions[0];
      if (next === undefined) throw new Error(`nothing is left to happen: ${what}`);
      this.scheduler.maxFrames = next.delay;
    }
  }

  /** Everything of the present frame. */
  private async frame(): Promise<void> {
    await new Promise(setImmediate);
    this.scheduler.flush();
  }
}

function remoteEnd(peer: Peer): RemoteEnd {
  const words: Readonly<Record<string, string>> = { '|': 'fin', '#': 'rst' };
  const { log } = peer;
  return {
    send: (bytes) => peer.link?.send(Buffer.from(bytes as string)),
    end: () => peer.link?.end(),
    close: () => peer.link?.closeFully(),
    reset: () => peer.link?.fail('ECONNRESET'),
    read: (on) => (on ? peer.link?.take(Infinity) : peer.link?.stop()),
    take: (bytes) => peer.link?.take(bytes),
    get received() {
      return Buffer.concat(log.output.flatMap(({ value }) => value ?? []));
    },
    get seen() {
      return log.output.flatMap(({ char }) => words[char ?? ''] ?? []);
    },
  };
}
