import { NEVER, Subject, map, mergeMap, of, share, switchMap, take, takeUntil } from 'rxjs';
import { type Connection, concatMapHeld, hold, mergeMapHeld, sendTo, serve } from 'rxjs-libevent';
import type { Harness, Pair } from './Harness';
import { events, observed } from './observed';
import { zeros } from '../support/zeros';

type It = (behaviour: string, body: () => Promise<void>) => void;

/** F4: whose a hold is, and with what it ends. */
export function holdsEnd(harness: Harness, it: It): void {
  const until = harness.until.bind(harness);

  /** A source, and a sink whose peer does not read. */
  async function slowPair(): Promise<{ source: Pair; sink: Pair }> {
    const source = await harness.open();
    const sink = await harness.open({ write: { high: 1000, low: 10 } });
    sink.remote.read(false);
    sink.conn.next(zeros(harness.moreThanSystem));
    return { source, sink };
  }

  /** Ends `sink`'s hold of `source` by something, and sees that the source goes on. */
  async function expectReleased(source: Pair, sink: Pair, end: () => void): Promise<void> {
    source.remote.send('a');
    await until('the hold', () => source.conn.held);
    expect(source.conn.heldBy).toEqual([sink.conn]);
    end();
    await until('the release', () => !source.conn.held);
    const rest = observed(source.conn);
    source.remote.send('b');
    await until('more', () => rest.bytes.toString().endsWith('b'));
    source.conn.destroy();
    sink.conn.destroy();
  }

  it('F4: a hold ends with the unsubscription of the sendTo that wrote', async () => {
    const { source, sink } = await slowPair();
    const sending = source.conn.pipe(sendTo(sink.conn)).subscribe();
    await expectReleased(source, sink, () => {
      sending.unsubscribe();
    });
  });

  it('F4: a hold ends with one of several subscriptions of a shared source', async () => {
    const { source, sink } = await slowPair();
    const all = source.conn.pipe(share());
    const fast = observed(source.conn);
    const others = all.subscribe();
    const sending = all.pipe(sendTo(sink.conn)).subscribe();
    await expectReleased(source, sink, () => {
      sending.unsubscribe();
    });
    expect(fast.bytes.toString()).toBe('ab');
    others.unsubscribe();
  });

  it('F4: a hold ends with takeUntil, in front of sendTo and behind it', async () => {
    for (const place of ['in front', 'behind']) {
      const { source, sink } = await slowPair();
      const stop = new Subject<void>();
      const shared = source.conn.pipe(share());
      shared.subscribe();
      const sending =
        place === 'in front'
          ? shared.pipe(takeUntil(stop), sendTo(sink.conn))
          : shared.pipe(sendTo(sink.conn), takeUntil(stop));
      sending.subscribe({ error: () => undefined });
      await expectReleased(source, sink, () => {
        stop.next();
      });
    }
  });

  it('F4: a hold ends with switchMap, inside it and behind it', async () => {
    for (const place of ['inside', 'behind']) {
      const { source, sink } = await slowPair();
      const switches = new Subject<void>();
      const to = (): typeof NEVER | Connection => (first ? source.conn : NEVER);
      let first = true;
      const sending =
        place === 'inside'
          ? switches.pipe(switchMap(() => (first ? source.conn.pipe(sendTo(sink.conn)) : NEVER)))
          : switches.pipe(switchMap(to), sendTo(sink.conn));
      const subscription = sending.subscribe();
      switches.next();
      await expectReleased(source, sink, () => {
        first = false;
        switches.next();
      });
      subscription.unsubscribe();
    }
  });

  it('F4: a hold ends with complete() of the sink, though its output still waits', async () => {
    const { source, sink } = await slowPair();
    source.conn.pipe(sendTo(sink.conn)).subscribe({ error: () => undefined });
    await expectReleased(source, sink, () => {
      sink.conn.complete();
      expect(sink.conn.saturated).toBe(true);
    });
  });

  it('F4: a hold ends with close(), reset() and destroy() of the sink, at once', async () => {
    for (const end of ['close', 'reset', 'destroy'] as const) {
      const { source, sink } = await slowPair();
      source.conn.pipe(sendTo(sink.conn)).subscribe({ error: () => undefined });
      await expectReleased(source, sink, () => {
        sink.conn[end]();
        expect(source.conn.held).toBe(false);
      });
    }
  });

  it('F4: a hold by bare next() ends with the subscription in which it was written', async () => {
    const { source, sink } = await slowPair();
    const other = observed(source.conn);
    const writing = source.conn.subscribe((chunk) => {
      sink.conn.next(chunk);
    });
    await expectReleased(source, sink, () => {
      writing.unsubscribe();
    });
    expect(other.bytes.toString()).toBe('ab');
  });

  it('F4: a hold by bare next() of one subscription stays when another one ends', async () => {
    const { source, sink } = await slowPair();
    const write = (chunk: Buffer): void => {
      sink.conn.next(chunk);
    };
    const [one, other] = [source.conn.subscribe(write), source.conn.subscribe(write)];
    source.remote.send('a');
    await until('the hold', () => source.conn.held);
    one.unsubscribe();
    expect(source.conn.heldBy).toEqual([sink.conn]);
    other.unsubscribe();
    expect(source.conn.held).toBe(false);
    source.conn.destroy();
    sink.conn.destroy();
  });

  it('F4: a held stage releases a source that was switched away from', async () => {
    const { source, sink } = await slowPair();
    const switches = new Subject<boolean>();
    const stage = switches
      .pipe(
        switchMap((on) => (on ? source.conn : NEVER)),
        concatMapHeld(() => NEVER),
      )
      .subscribe();
    switches.next(true);
    source.remote.send('a');
    await until('the hold', () => source.conn.held);
    switches.next(false);
    expect(source.conn.held).toBe(false);
    stage.unsubscribe();
    source.conn.destroy();
    sink.conn.destroy();
  });

  it('F4: a sink that one connection fills stops nobody from being accepted', async () => {
    const handlers = {
      serve: serve((conn: Connection) => of(zeros(harness.moreThanSystem)).pipe(sendTo(conn))),
      mergeMap: mergeMap((conn: Connection) =>
        of(zeros(harness.moreThanSystem)).pipe(
          map((chunk) => {
            hold('nobody');
            return chunk;
          }),
          sendTo(conn),
        ),
      ),
      'a held stage': mergeMap((conn: Connection) =>
        of('a', 'b').pipe(
          concatMapHeld(() => NEVER),
          sendTo(conn),
        ),
      ),
    };
    for (const handler of Object.values(handlers)) {
      const { listener, dial } = harness.server({ maxOutputBytes: 1 << 28 });
      const connections: Connection[] = [];
      const serving = listener
        .pipe(
          map((conn) => {
            connections.push(conn);
            return conn;
          }),
          handler,
        )
        .subscribe();
      const remotes = [];
      for (let count = 1; count <= 3; count += 1) {
        const remote = await dial();
        remote.read(false);
        remotes.push(remote);
        await until('the next', () => connections.length === count);
      }
      serving.unsubscribe();
      for (const conn of connections) conn.destroy();
    }
  });

  it('F4: concurrency alone stops accepting, of serve and of a held stage', async () => {
    const stages = {
      serve: serve(() => NEVER, { concurrency: 1 }),
      mergeMapHeld: mergeMapHeld(() => NEVER, 1),
    };
    for (const stage of Object.values(stages)) {
      const { listener, dial } = harness.server();
      const connections: Connection[] = [];
      const serving = listener
        .pipe(
          map((conn) => {
            connections.push(conn);
            return conn;
          }),
          stage,
        )
        .subscribe();
      await dial();
      await until('the first', () => connections.length === 1);
      await dial();
      await harness.settled();
      expect(connections).toHaveLength(1);
      serving.unsubscribe();
      for (const conn of connections) conn.destroy();
    }
  });

  it('F3, F4: drains, and releases, once for each hold', async () => {
    const { source, sink } = await slowPair();
    const log = events(sink.conn);
    source.conn.pipe(take(1), sendTo(sink.conn)).subscribe();
    source.remote.send('a');
    await harness.settled();
    expect(source.conn.held).toBe(false);
    sink.remote.read(true);
    await until('drained', () => log.includes('drained'));
    expect(log).toEqual(['drained']);
    await until('sent', () => sink.conn.outputBytes === 0);
    source.conn.destroy();
    sink.conn.destroy();
  });
}
