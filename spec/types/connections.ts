// What the compiler infers of bases, listeners and connections, and what it refuses. `npm run typecheck` is the test.
import { expectTypeOf } from 'expect-type';
import { type Observable, of, type SchedulerLike } from 'rxjs';
import {
  type AddressInfo,
  connect,
  type Connection,
  type ConnectionEvent,
  EventBase,
  LibeventError,
  listen,
  type Listener,
  lines,
  open,
  type SignalEvent,
  versions,
} from 'rxjs-libevent';
import {
  type ConnectionDuplex,
  fromReadable,
  toAsyncIterable,
  toDuplex,
} from 'rxjs-libevent/streams';
import { marbles, marblesWith } from 'rxjs-libevent/testing';

declare const base: EventBase;
declare const conn: Connection;

/** With a session, `connect` emits what the session emits. */
export function connecting(): void {
  expectTypeOf(connect({ port: 1 })).toEqualTypeOf<Observable<Connection>>();
  expectTypeOf(connect({ port: 1 }, (it) => it.pipe(lines()))).toEqualTypeOf<Observable<string>>();
  expectTypeOf(connect({ port: 1 }, () => Promise.resolve(5))).toEqualTypeOf<Observable<number>>();
  expectTypeOf(base.connect({ path: '/run/socket' })).toEqualTypeOf<Observable<Connection>>();
  expectTypeOf(open({ port: 1 })).toEqualTypeOf<Promise<Connection>>();
  expectTypeOf(base.pair()).toEqualTypeOf<[Connection, Connection]>();
  expectTypeOf(base.adopt(3)).toEqualTypeOf<Connection>();

  // @ts-expect-error an option that is `listen`'s
  connect({ port: 1, backlog: 5 });
  // @ts-expect-error a port is a number
  connect({ port: '80' });
  // @ts-expect-error a session returns a source
  connect({ port: 1 }, () => 5);
}

/** Listeners emit connections, and say where they listen. */
export function listening(): void {
  expectTypeOf(listen({ port: 0 })).toEqualTypeOf<Listener>();
  expectTypeOf<Listener>().toExtend<Observable<Connection>>();
  expectTypeOf(listen({ port: 0 }).bound).toEqualTypeOf<Observable<AddressInfo>>();
  expectTypeOf(listen({ port: 0 }).errors).toEqualTypeOf<Observable<LibeventError>>();

  // @ts-expect-error an option that is `connect`'s
  listen({ port: 0, attemptDelayMs: 100 });
  // @ts-expect-error a server has a key and a certificate
  listen({ port: 0, tls: true });
  // @ts-expect-error a misspelt option
  listen({ port: 0, maxConnection: 5 });
}

/** A connection is an Observable of bytes, and an Observer of bytes and text. */
export function connections(): void {
  expectTypeOf<Connection>().toExtend<Observable<Buffer>>();
  of('text', Buffer.of(1), new Float32Array(1)).subscribe(conn);
  expectTypeOf(conn.events).toEqualTypeOf<Observable<ConnectionEvent>>();
  conn.events.subscribe((event) => {
    if (event.type === 'timeout') {
      expectTypeOf(event.direction).toEqualTypeOf<'read' | 'write' | 'idle'>();
    }
    if (event.type === 'hangup') {
      expectTypeOf(event.error).toEqualTypeOf<LibeventError | undefined>();
    }
  });
  expectTypeOf(conn[Symbol.asyncIterator]()).toEqualTypeOf<AsyncIterableIterator<Buffer>>();

  // @ts-expect-error objects are no bytes
  conn.next({});
  // @ts-expect-error both marks are numbers
  conn.setWatermarks({ read: { high: '64K' } });
  // @ts-expect-error it is read only
  conn.bytesRead = 0;
}

/** Bases, and what is on them. */
export function bases(): void {
  expectTypeOf(base.timer(0.25, 0.25)).toEqualTypeOf<Observable<number>>();
  expectTypeOf(base.signal('SIGHUP')).toEqualTypeOf<Observable<SignalEvent>>();
  expectTypeOf(base.scheduler).toEqualTypeOf<SchedulerLike>();
  expectTypeOf(base.stats.takeOvers).toEqualTypeOf<number>();
  expectTypeOf(versions().libeventFrom).toEqualTypeOf<'system' | 'prebuilt'>();
  expectTypeOf(new LibeventError('ENOENT', 'open').limit).toEqualTypeOf<number | undefined>();

  // @ts-expect-error neither a number nor 'auto'
  new EventBase({ threads: 'many' });
  // @ts-expect-error no such signal
  base.signal('SIGNAL');
}

/** The other faces. */
export function faces(): void {
  expectTypeOf(toDuplex(conn)).toEqualTypeOf<ConnectionDuplex>();
  expectTypeOf(fromReadable(process.stdin)).toEqualTypeOf<Observable<Buffer>>();
  expectTypeOf(fromReadable(new ReadableStream<string>())).toEqualTypeOf<Observable<string>>();
  expectTypeOf(toAsyncIterable(of(1))).toEqualTypeOf<AsyncIterable<number>>();
  marbles(({ connection }) => {
    expectTypeOf(connection('-a|')).toExtend<Connection>();
  });
  marblesWith((actual, expected) => {
    expectTypeOf([actual, expected]).toEqualTypeOf<unknown[]>();
  });

  // @ts-expect-error a connection is needed
  toDuplex('a connection');
}
