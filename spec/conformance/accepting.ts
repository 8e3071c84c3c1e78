import { NEVER, Subject, concat, map, of, take } from 'rxjs';
import { type Connection, sendTo, serve } from 'rxjs-libevent';
import type { Harness, RemoteEnd } from './Harness';
import { observed } from './observed';

type It = (behaviour: string, body: () => Promise<void>) => void;

const echo = (conn: Connection) => conn.pipe(sendTo(conn));

/** How a listener accepts, and how `serve` serves what it accepts. */
export function accepting(harness: Harness, it: It): void {
  const until = harness.until.bind(harness);
  const gets = (remote: RemoteEnd, text: string): Promise<void> =>
    until(text, () => remote.received.toString() === text);

  it('emits a connection for everybody who comes', async () => {
    const { listener, dial } = harness.server();
    const serving = listener.pipe(serve(echo)).subscribe();
    for (const text of ['one', 'two', 'three']) {
      const remote = await dial();
      remote.send(text);
      await gets(remote, text);
    }
    serving.unsubscribe();
  });

  it('F10: accepts nobody while it is held, and loses nobody', async () => {
    const { listener, dial } = harness.server();
    let accepted = 0;
    const serving = listener
      .pipe(
        map((conn) => {
          accepted += 1;
          return conn;
        }),
        serve(echo),
      )
      .subscribe();
    (await dial()).end();
    await until('the first', () => accepted === 1);
    const release = listener.hold('the test');
    const remotes = [await dial(), await dial()];
    for (const [index, remote] of remotes.entries()) remote.send(`early ${String(index)}`);
    await harness.settled();
    expect(accepted).toBe(1);
    release();
    for (const [index, remote] of remotes.entries()) await gets(remote, `early ${String(index)}`);
    expect(accepted).toBe(3);
    serving.unsubscribe();
  });

  it('F10: serves `concurrency` at once, and the next when one has ended', async () => {
    const { listener, dial } = harness.server();
    const serving = listener.pipe(serve(echo, { concurrency: 1 })).subscribe();
    const [first, second] = [await dial(), await dial()];
    second.send('second');
    first.send('first');
    await gets(first, 'first');
    await harness.settled();
    expect(second.received.toString()).toBe('');
    first.end();
    await gets(second, 'second');
    serving.unsubscribe();
  });

  it('F10: has at most maxConnections open', async () => {
    const { listener, dial } = harness.server({ maxConnections: 2 });
    const open: Connection[] = [];
    const listening = listener.subscribe((conn) => open.push(conn));
    await dial();
    const second = await dial();
    const third = await dial();
    await until('two', () => open.length === 2);
    await harness.settled();
    expect(open).toHaveLength(2);
    open[0]?.destroy();
    await until('the third', () => open.length === 3);
    expect([second.seen, third.seen]).toEqual([[], []]);
    listening.unsubscribe();
    for (const conn of open) conn.destroy();
  });

  it('resets the connection whose pipeline fails, and no other', async () => {
    const { listener, dial } = harness.server();
    const errors: string[] = [];
    const serving = listener
      .pipe(
        serve(
          (conn) =>
            conn.pipe(
              map((chunk) => {
                if (chunk.toString() === 'bad') throw new Error('refused');
                return chunk;
              }),
              sendTo(conn),
            ),
          { onError: (error) => errors.push((error as Error).message) },
        ),
      )
      .subscribe();
    const [good, bad] = [await dial(), await dial()];
    bad.send('bad');
    await until('the reset', () => bad.seen.includes('rst'));
    good.send('good');
    await gets(good, 'good');
    expect(errors).toEqual(['refused']);
    expect(good.seen).toEqual([]);
    serving.unsubscribe();
  });

  it('sends the answers and FIN when a pipeline ends first', async () => {
    const { listener, dial } = harness.server();
    const serving = listener
      .pipe(serve((conn) => concat(of('hello'), of(', bye')).pipe(sendTo(conn))))
      .subscribe();
    const remote = await dial();
    await until('the FIN', () => remote.seen.length > 0);
    expect([remote.received.toString(), remote.seen]).toEqual(['hello, bye', ['fin']]);
    remote.end();
    serving.unsubscribe();
  });

  it('lets those that are open go on in a shutdown, and completes behind the last', async () => {
    const { listener, dial } = harness.server();
    const shutdown = new Subject<void>();
    let completed = false;
    listener.pipe(serve(echo, { shutdown })).subscribe({
      complete: () => {
        completed = true;
      },
    });
    const remote = await dial();
    remote.send('before');
    await gets(remote, 'before');
    shutdown.next();
    remote.send(', after');
    await gets(remote, 'before, after');
    expect(completed).toBe(false);
    remote.end();
    await until('the completion', () => completed);
    await until('the FIN', () => remote.seen.length > 0);
    expect(remote.seen).toEqual(['fin']);
  });

  it('F10: serves all clients that wait as a shutdown begins, one after the other', async () => {
    const { listener, dial } = harness.server();
    const shutdown = new Subject<void>();
    const log: string[] = [];
    listener.pipe(serve(echo, { shutdown, concurrency: 1 })).subscribe({
      complete: () => log.push('complete'),
    });
    const remotes: RemoteEnd[] = [];
    for (const text of ['one', 'two', 'three']) {
      const remote = await dial();
      remote.send(text);
      remotes.push(remote);
    }
    await gets(remotes[0]!, 'one');
    shutdown.next();
    await harness.settled();
    expect(log).toEqual([]);
    for (const [index, text] of ['one', 'two', 'three'].entries()) {
      await gets(remotes[index]!, text);
      remotes[index]!.end();
    }
    await until('the completion', () => log.length > 0);
    await until('the ends', () => remotes.every(({ seen }) => seen.length > 0));
    expect(remotes.map(({ seen }) => seen)).toEqual([['fin'], ['fin'], ['fin']]);
  });

  it('close emits the connections that are there, behind a hold, and then completes', async () => {
    const { listener, dial } = harness.server();
    const log: string[] = [];
    const connections: Connection[] = [];
    const listening = listener.subscribe({
      next: (conn) => {
        log.push('connection');
        connections.push(conn);
      },
      complete: () => log.push('complete'),
    });
    (await dial()).send('first');
    await until('the first', () => log.length === 1);
    const release = listener.hold('the test');
    await dial();
    await dial();
    await harness.settled();
    listener.close();
    listener.close();
    await harness.settled();
    expect(log).toEqual(['connection']);
    release();
    await until('the completion', () => log.includes('complete'));
    expect(log).toEqual(['connection', 'connection', 'connection', 'complete']);
    expect(listening.closed).toBe(true);
    for (const conn of connections) conn.destroy();
  });

  it('close completes a listener that is held and has nobody', async () => {
    const { listener } = harness.server();
    const log: string[] = [];
    listener.hold('the test');
    listener.subscribe({ complete: () => log.push('complete') });
    await harness.settled();
    listener.close();
    await until('the completion', () => log.length > 0);
    // Nobody listens: there is nothing to close.
    listener.close();
  });

  /** A listener that is held, and a peer that waits for it. */
  const waiting = async () => {
    const { listener, dial } = harness.server();
    const listening = listener.subscribe();
    await harness.settled();
    const release = listener.hold('the test');
    await harness.settled();
    const remote = await dial();
    await harness.settled();
    return { listener, listening, release, remote };
  };

  it('close before an unsubscribe ends connections that have not been emitted', async () => {
    const { listener, listening, release, remote } = await waiting();
    listener.close();
    await harness.settled();
    listening.unsubscribe();
    await until('the end', () => remote.seen.length > 0);
    release();
  });

  it('completes a shutdown when nobody is there', async () => {
    const { listener } = harness.server();
    const log: string[] = [];
    listener.pipe(serve(echo, { shutdown: of('now') })).subscribe({
      complete: () => log.push('complete'),
    });
    await until('the end', () => log.length > 0);
    expect(log).toEqual(['complete']);
  });

  it('refuses those that still wait when nobody listens any more', async () => {
    const { listening, release, remote } = await waiting();
    listening.unsubscribe();
    await until('the reset', () => remote.seen.length > 0);
    expect(remote.seen).toEqual(['rst']);
    release();
  });

  it('leaves a connection alone when only its listener is unsubscribed', async () => {
    const { listener, dial } = harness.server();
    const connections: Connection[] = [];
    listener.pipe(take(1)).subscribe((conn) => connections.push(conn));
    const remote = await dial();
    await until('the connection', () => connections.length === 1);
    const [conn] = connections as [Connection];
    const seen = observed(conn);
    remote.send('still here');
    await until('the bytes', () => seen.bytes.toString() === 'still here');
    conn.destroy();
  });

  it('destroys what it serves when it is unsubscribed', async () => {
    const { listener, dial } = harness.server();
    let served = 0;
    const serving = listener
      .pipe(
        serve(() => {
          served += 1;
          return NEVER;
        }),
      )
      .subscribe();
    const remote = await dial();
    await until('the pipeline', () => served === 1);
    serving.unsubscribe();
    await until('the end', () => remote.seen.length > 0);
    expect(remote.seen).toEqual(['fin']);
  });

  it('emits a connection whose peer has come and gone, and its bytes', async () => {
    const { listener, dial } = harness.server();
    const connections: Connection[] = [];
    const listening = listener.subscribe((conn) => connections.push(conn));
    await harness.settled();
    const release = listener.hold('the test');
    await harness.settled();
    const remote = await dial();
    remote.send('bye');
    remote.end();
    await harness.settled();
    release();
    await until('the connection', () => connections.length === 1);
    const seen = observed(connections[0]!);
    await until('the end', () => seen.log.length > 0);
    expect([seen.bytes.toString(), seen.log]).toEqual(['bye', ['C']]);
    listening.unsubscribe();
  });

  it('has a connection of its own for each pipeline', async () => {
    const { listener, dial } = harness.server();
    const serving = listener.pipe(serve(echo)).subscribe();
    const [one, two] = [await dial(), await dial()];
    one.send('1');
    two.send('2');
    await gets(one, '1');
    await gets(two, '2');
    one.reset();
    two.send('!');
    await gets(two, '2!');
    serving.unsubscribe();
  });
}
