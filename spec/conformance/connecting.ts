import { type Observable, Subject, retry, switchMap, take } from 'rxjs';
import { type Connection, sendTo } from 'rxjs-libevent';
import { type Harness, codeOf } from './Harness';
import { observed } from './observed';

type It = (behaviour: string, body: () => Promise<void>) => void;

/** How `connect` connects, fails and is given up. */
export function connecting(harness: Harness, it: It): void {
  const until = harness.until.bind(harness);

  it('emits one connection, and lasts as long as it does', async () => {
    const { connect, remotes } = await harness.target();
    const log: string[] = [];
    connect().subscribe({
      next: (conn) => {
        log.push('connected');
        conn.pipe(sendTo(conn)).subscribe();
      },
      error: (error: unknown) => log.push(codeOf(error)),
      complete: () => log.push('complete'),
    });
    await until('both ends', () => remotes.length === 1 && log.length === 1);
    const [remote] = remotes;
    remote?.send('there and back');
    await until('the echo', () => remote?.received.toString() === 'there and back');
    expect(log).toEqual(['connected']);
    remote?.end();
    await until('the end', () => log.length > 1);
    expect(log).toEqual(['connected', 'complete']);
    await until('the FIN', () => remote?.seen.length === 1);
    expect(remote?.seen).toEqual(['fin']);
  });

  it('errors with ECONNREFUSED where nobody listens', async () => {
    const { connect, listens } = await harness.target();
    await listens(false);
    const errors: unknown[] = [];
    connect().subscribe({ error: (error: unknown) => errors.push(error) });
    await until('the error', () => errors.length > 0);
    expect(errors).toEqual([
      expect.objectContaining({
        name: 'LibeventError',
        code: 'ECONNREFUSED',
        syscall: 'connect',
        address: '127.0.0.1',
      }),
    ]);
  });

  it('connects again with retry', async () => {
    const { connect, listens, remotes } = await harness.target();
    await listens(false);
    const again = new Subject<void>();
    let failures = 0;
    let connected = 0;
    const delay = (): Observable<void> => {
      failures += 1;
      return again.pipe(take(1));
    };
    const connections = connect()
      .pipe(retry({ delay }))
      .subscribe(() => (connected += 1));
    for (const times of [1, 2, 3]) {
      await until('a failure', () => failures === times);
      if (times === 3) await listens(true);
      again.next();
    }
    await until('the connection', () => connected === 1 && remotes.length === 1);
    expect(failures).toBe(3);
    connections.unsubscribe();
  });

  it('makes a connection for each subscriber', async () => {
    const { connect, remotes } = await harness.target();
    const connections: Connection[] = [];
    const target = connect();
    target.subscribe((conn) => connections.push(conn));
    target.subscribe((conn) => connections.push(conn));
    await until('both', () => connections.length === 2 && remotes.length === 2);
    expect(connections[0]).not.toBe(connections[1]);
    for (const conn of connections) conn.destroy();
  });

  it('errors when the peer resets the connection', async () => {
    const { connect, remotes } = await harness.target();
    const log: string[] = [];
    let reading = false;
    connect()
      .pipe(
        switchMap((conn) => {
          reading = true;
          return conn;
        }),
      )
      .subscribe({ error: (error: unknown) => log.push(codeOf(error)) });
    await until('both ends', () => remotes.length === 1 && reading);
    remotes[0]?.reset();
    await until('the error', () => log.length > 0);
    expect(log).toEqual(['ECONNRESET']);
  });

  it('emits nothing to a subscriber that has left before it is connected', async () => {
    const { connect } = await harness.target();
    const log: string[] = [];
    connect()
      .subscribe({
        next: () => log.push('connected'),
        error: (error: unknown) => log.push(codeOf(error)),
        complete: () => log.push('complete'),
      })
      .unsubscribe();
    await harness.settled();
    expect(log).toEqual([]);
  });

  it('sends what was written, and FIN, when it is unsubscribed', async () => {
    const { connect, remotes } = await harness.target();
    const connecting = connect().subscribe((conn) => {
      conn.next('last words');
      connecting.unsubscribe();
    });
    await until('the other end', () => remotes.length === 1);
    await until('the FIN', () => remotes[0]!.seen.length > 0);
    expect([remotes[0]!.received.toString(), remotes[0]!.seen]).toEqual(['last words', ['fin']]);
  });

  it('closes the connection for take(1), as that unsubscribes', async () => {
    const { connect, remotes } = await harness.target();
    let completed = false;
    connect()
      .pipe(take(1))
      .subscribe({
        complete: () => {
          completed = true;
        },
      });
    await until('the other end', () => remotes.length === 1);
    await until('the FIN', () => remotes[0]!.seen.length > 0);
    expect([completed, remotes[0]!.seen]).toEqual([true, ['fin']]);
  });

  it('reads on when it has sent FIN, with allowHalfOpen or without', async () => {
    for (const allowHalfOpen of [true, false]) {
      const { connect, remotes } = await harness.target();
      const seen: ReturnType<typeof observed>[] = [];
      connect({ allowHalfOpen }).subscribe((conn) => {
        seen.push(observed(conn));
        conn.complete();
      });
      await until('the other end', () => remotes.length === 1 && seen.length === 1);
      await until('the FIN', () => remotes[0]!.seen.length > 0);
      remotes[0]!.send('an answer');
      remotes[0]!.end();
      await until('the end', () => seen[0]!.log.length > 0);
      expect([seen[0]!.bytes.toString(), seen[0]!.log]).toEqual(['an answer', ['C']]);
    }
  });

  it('writes on behind the peer’s FIN with allowHalfOpen', async () => {
    const { connect, remotes } = await harness.target();
    const connections: Connection[] = [];
    connect({ allowHalfOpen: true }).subscribe((conn) => connections.push(conn));
    await until('both ends', () => remotes.length === 1 && connections.length === 1);
    const [conn] = connections as [Connection];
    const seen = observed(conn);
    remotes[0]!.end();
    await until('the end of the input', () => seen.log.length > 0);
    conn.next('still here');
    conn.complete();
    await until('the FIN', () => remotes[0]!.seen.length > 0);
    expect([remotes[0]!.received.toString(), remotes[0]!.seen]).toEqual(['still here', ['fin']]);
  });

  it('ends with an AbortError when it is aborted, before or after', async () => {
    const { connect, remotes } = await harness.target();
    const log: string[] = [];
    const note = (name: string) => ({
      next: () => log.push(`${name} connected`),
      error: (error: unknown) => log.push(`${name} ${(error as Error).name}`),
    });
    connect({ signal: AbortSignal.abort() }).subscribe(note('aborted'));
    await until('the error', () => log.length === 1);
    const later = new AbortController();
    connect({ signal: later.signal }).subscribe(note('later'));
    await until('the connection', () => log.length === 2 && remotes.length === 1);
    later.abort();
    await until('the error', () => log.length === 3);
    expect(log).toEqual(['aborted AbortError', 'later connected', 'later AbortError']);
    await until('the end', () => remotes[0]!.seen.length > 0);
  });
}
