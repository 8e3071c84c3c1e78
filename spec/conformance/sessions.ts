import {
  Subject,
  ignoreElements,
  tap,
  NEVER,
  type Observable,
  concatMap,
  map,
  of,
  repeat,
  take,
  throwError,
} from 'rxjs';
import { type Connection, lines, sendTo } from 'rxjs-libevent';
import { type Harness, codeOf } from './Harness';
import { pattern } from '../support/pattern.cjs';

type It = (behaviour: string, body: () => Promise<void>) => void;

/** `connect` with a session, and what comes of both. */
export function sessions(harness: Harness, it: It): void {
  const until = harness.until.bind(harness);

  function logged(source: Observable<unknown>, log: string[]) {
    return source.subscribe({
      next: (value) => log.push(String(value)),
      error: (error: unknown) =>
        log.push('code' in (error as Error) ? codeOf(error) : (error as Error).message),
      complete: () => log.push('complete'),
    });
  }

  it('emits what its session emits, sends FIN when that has completed, and completes last', async () => {
    const { connect, remotes } = await harness.target();
    const log: string[] = [];
    let conn: Connection | undefined;
    const session = (opened: Connection): Observable<string> => {
      conn = opened;
      opened.next('question\n');
      return opened.pipe(lines(), take(1));
    };
    logged(connect({}, session), log);
    await until('the question', () => String(remotes[0]?.received) === 'question\n');
    remotes[0]?.send('answer\nmore\n');
    await until('the FIN', () => remotes[0]?.seen.length === 1);
    expect([remotes[0]?.seen, log, conn?.closed]).toEqual([['fin'], ['answer'], false]);
    remotes[0]?.end();
    await until('the end', () => log.length > 1);
    expect([log, conn?.closed]).toEqual([['answer', 'complete'], true]);
  });

  it('resets its connection when the session fails or throws, and fails with its error', async () => {
    const { connect, remotes } = await harness.target();
    const bad: (() => Observable<never>)[] = [
      () => throwError(() => new Error('failed')),
      () => {
        throw new Error('thrown');
      },
    ];
    for (const [index, session] of bad.entries()) {
      const log: string[] = [];
      logged(connect({}, session), log);
      await until('the reset', () => remotes[index]?.seen.length === 1 && log.length > 0);
      expect([remotes[index]?.seen, log]).toEqual([['rst'], [index === 0 ? 'failed' : 'thrown']]);
    }
  });

  it('surfaces what ends the connection, and unsubscribes the session', async () => {
    const { connect, remotes } = await harness.target();
    const log: string[] = [];
    const session = (conn: Connection): Observable<unknown> => conn.pipe(concatMap(() => NEVER));
    logged(connect({}, session), log);
    await until('the connection', () => remotes.length === 1);
    remotes[0]?.send('x');
    await harness.settled();
    remotes[0]?.reset();
    await until('the error', () => log.length > 0);
    expect(log).toEqual(['ECONNRESET']);
  });

  it('T1: fails when what the session has written is lost after it', async () => {
    const { connect, remotes } = await harness.target();
    const log: string[] = [];
    const write = new Subject<Buffer>();
    const session = (conn: Connection): Observable<unknown> =>
      write.pipe(
        take(1),
        tap((bytes) => {
          conn.next(bytes);
        }),
        ignoreElements(),
      );
    logged(connect({ closeDeadlineMs: 40, maxOutputBytes: 1 << 28 }, session), log);
    await until('the connection', () => remotes.length === 1 && write.observed);
    remotes[0]?.read(false);
    write.next(pattern(harness.moreThanSystem));
    await until('the end', () => log.length > 0);
    expect(log).toEqual(['ECANCELED']);
  });

  it('T3: a session that ends with its connection says its last values', async () => {
    const { connect, remotes } = await harness.target();
    const log: string[] = [];
    logged(
      connect({}, (conn) =>
        conn.pipe(
          lines(),
          map((line) => `had ${line}`),
        ),
      ),
      log,
    );
    await until('the connection', () => remotes.length === 1);
    remotes[0]?.send('one\ntwo\n');
    remotes[0]?.end();
    await until('the end', () => log.includes('complete'));
    expect(log).toEqual(['had one', 'had two', 'complete']);
  });

  it('closes the connection when it is unsubscribed, gracefully', async () => {
    const { connect, remotes } = await harness.target();
    const log: string[] = [];
    const subscription = logged(
      connect({}, (conn) => {
        conn.next('last words');
        return NEVER;
      }),
      log,
    );
    await until('the words', () => String(remotes[0]?.received) === 'last words');
    subscription.unsubscribe();
    await until('the FIN', () => remotes[0]?.seen.length === 1);
    expect([remotes[0]?.seen, log]).toEqual([['fin'], []]);
    remotes[0]?.end();
  });

  it('is repeated with a connection of its own, after the one before has closed', async () => {
    const { connect, remotes } = await harness.target();
    const log: string[] = [];
    const open: Connection[] = [];
    const session = (conn: Connection): Observable<never> => {
      expect(open.every(({ closed }) => closed)).toBe(true);
      open.push(conn);
      return of('hello').pipe(sendTo(conn));
    };
    logged(connect({}, session).pipe(repeat(2)), log);
    for (const index of [0, 1]) {
      await until('the FIN', () => remotes[index]?.seen.length === 1);
      remotes[index]?.end();
    }
    await until('the end', () => log.length > 0);
    expect([log, open.length]).toEqual([['complete'], 2]);
  });

  it('surfaces a refused connection, and an abort', async () => {
    const { connect, listens, remotes } = await harness.target();
    const log: string[] = [];
    const controller = new AbortController();
    logged(
      connect({ signal: controller.signal }, () => NEVER),
      log,
    );
    await until('the connection', () => remotes.length === 1);
    controller.abort();
    await until('the abort', () => log.length === 1);
    await listens(false);
    logged(
      connect({}, () => NEVER),
      log,
    );
    await until('the error', () => log.length === 2);
    expect(log).toEqual(['ABORT_ERR', 'ECONNREFUSED']);
  });
}
