import { connect as connectSocket, type Socket } from 'node:net';
import {
  concatMap,
  filter,
  first,
  firstValueFrom,
  from,
  mergeMap,
  NEVER,
  of,
  share,
  Subject,
  tap,
  throwError,
  type OperatorFunction,
} from 'rxjs';
import { EventBase, sendTo, serve, type Connection, type ServeConfig } from 'rxjs-libevent';
import { endingOf } from '../support/endingOf.cjs';
import { receivedBy } from './support/receivedBy';
import { record, type Recording } from '../support/record';

type Stage = OperatorFunction<Connection, Connection>;

describe('serve, behind a stage of its own', () => {
  let base: EventBase;
  const peers: Socket[] = [];

  beforeEach(() => {
    base = new EventBase();
  });

  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.destroy();
    await base.close();
  });

  /** The next connection of the stage, the peer's end of it, and what serves it. */
  async function meet(
    stage: Stage,
    config: ServeConfig = {},
  ): Promise<{ conn: Connection; peer: Socket; server: Recording<never> }> {
    const listener = base.listen({ host: '127.0.0.1' });
    const met = new Subject<Connection>();
    const conn = firstValueFrom(met);
    const server = record(
      listener.pipe(
        tap(met),
        stage,
        serve((each) => each.pipe(sendTo(each)), config),
      ),
    );
    const { port } = await firstValueFrom(listener.bound);
    const peer = dial(port);
    return { conn: await conn, peer, server };
  }

  function dial(port: number): Socket {
    const peer = connectSocket({ host: '127.0.0.1', port, allowHalfOpen: true });
    peer.on('error', () => {});
    peers.push(peer);
    return peer;
  }

  const stages: [string, Stage][] = [
    ['works on', mergeMap(() => NEVER)],
    ['reads', mergeMap((conn) => conn.pipe(concatMap(() => of(conn))))],
    [
      'has read, and waits',
      mergeMap((conn) =>
        conn.pipe(
          first(),
          mergeMap(() => NEVER),
        ),
      ),
    ],
    ['never gives on', mergeMap(async () => new Promise<Connection>(() => undefined))],
    ['has dropped', filter(() => false)],
  ];

  it.each(stages)(
    'destroys a connection that the stage %s, when it is unsubscribed',
    async (_name, stage) => {
      const { conn, peer, server } = await meet(stage);
      const ending = endingOf(peer);
      server.subscription.unsubscribe();
      expect(await ending).toBe('end');
      await firstValueFrom(conn.whenClosed);
    },
  );

  it.each(stages)(
    'destroys a connection that the stage %s, at the deadline',
    async (_name, stage) => {
      const shutdown = new Subject<void>();
      const { peer, server } = await meet(stage, { shutdown, shutdownDeadlineMs: 0 });
      const ending = endingOf(peer);
      shutdown.next();
      expect(await ending).toBe('end');
      expect(await server.ended).toBe('complete');
    },
  );

  it('destroys what a stage has, when the stage fails for another', async () => {
    const fails = new Subject<never>();
    const { peer, server } = await meet(mergeMap(() => fails));
    const ending = endingOf(peer);
    const failure = new Error('stage');
    fails.error(failure);
    expect(await server.ended).toBe(failure);
    expect(await ending).toBe('end');
  });

  it('serves what the stage gives in a shutdown', async () => {
    const shutdown = new Subject<void>();
    const given = new Subject<void>();
    const { peer, server } = await meet(
      mergeMap((conn) =>
        given.pipe(
          first(),
          concatMap(() => of(conn)),
        ),
      ),
      { shutdown },
    );
    shutdown.next();
    peer.end('late');
    given.next();
    expect((await receivedBy(peer)).toString()).toBe('late');
    expect(await server.ended).toBe('complete');
  });

  it('leaves a connection alone that somebody reads', async () => {
    const { conn, peer, server } = await meet(
      filter((each) => {
        each.subscribe(each);
        return false;
      }),
    );
    server.subscription.unsubscribe();
    peer.end('still here');
    expect((await receivedBy(peer)).toString()).toBe('still here');
    await firstValueFrom(conn.whenClosed);
  });

  it('leaves to the other consumer of a shared listener what is on its way there', async () => {
    const listener = base.listen({ host: '127.0.0.1' });
    const shared = listener.pipe(share());
    const given = new Subject<void>();
    const met = new Subject<Connection>();
    const conn = firstValueFrom(met);
    const one = record(
      shared.pipe(
        filter(() => false),
        serve(() => throwError(() => new Error('not its own'))),
      ),
    );
    const other = record(
      shared.pipe(
        tap(met),
        mergeMap((each) => from(firstValueFrom(given).then(() => each))),
        serve((each) => each.pipe(sendTo(each))),
      ),
    );
    const peer = dial((await firstValueFrom(listener.bound)).port);
    await conn;
    one.subscription.unsubscribe();
    given.next();
    peer.end('mine');
    expect((await receivedBy(peer)).toString()).toBe('mine');
    other.subscription.unsubscribe();
  });
});
