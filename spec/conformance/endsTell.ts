import {
  EMPTY,
  type Observable,
  Subject,
  concatMap,
  finalize,
  ignoreElements,
  map,
  merge,
  mergeMap,
  of,
  share,
  take,
  tap,
} from 'rxjs';
import { type Connection, concatMapHeld, lines, sendTo, serve } from 'rxjs-libevent';
import { type Harness, codeOf } from './Harness';
import { events, observed } from './observed';
import { zeros } from '../support/zeros';

type It = (behaviour: string, body: () => Promise<void>) => void;

/** What was sent, to whom it was reported, and what goes on when a connection ends: T1 to T6. */
export function endsTell(harness: Harness, it: It): void {
  const until = harness.until.bind(harness);
  const settled = () => harness.settled();

  const codesOf = (codes: string[]) => ({
    error: (error: unknown) => codes.push(codeOf(error)),
    complete: () => codes.push('complete'),
  });

  it('T1: sendTo to an output that has ended fails, and subscribes to nothing', async () => {
    const { conn } = await harness.open();
    const codes: string[] = [];
    let subscribed = false;
    conn.complete();
    of('x')
      .pipe(tap({ subscribe: () => (subscribed = true) }), sendTo(conn))
      .subscribe(codesOf(codes));
    expect([codes, subscribed, conn.refused]).toEqual([['ERR_NOT_WRITABLE'], false, 0]);
    conn.destroy();
  });

  it('T1: a value for an output that anybody has completed fails sendTo, and its source is left', async () => {
    const { conn } = await harness.open();
    const codes: string[] = [];
    const source = new Subject<string>();
    source.pipe(sendTo(conn)).subscribe(codesOf(codes));
    source.next('taken');
    conn.complete();
    expect([codes, source.observed]).toEqual([[], true]);
    source.next('too late');
    expect([codes, source.observed, conn.refused]).toEqual([['ERR_NOT_WRITABLE'], false, 1]);
    conn.destroy();
  });

  it('T1: a value for an output that the end of the peer has ended fails sendTo', async () => {
    const { conn, remote } = await harness.open();
    const codes: string[] = [];
    const source = new Subject<string>();
    source.pipe(sendTo(conn)).subscribe(codesOf(codes));
    observed(conn);
    remote.read(false);
    source.next('x'.repeat(harness.moreThanSystem));
    remote.end();
    await until('the end', () => !conn.writable);
    expect(conn.closed).toBe(false);
    source.next('too late');
    expect([codes, source.observed]).toEqual([['ERR_NOT_WRITABLE'], false]);
    conn.destroy();
  });

  it('T1: next() for an output that has ended is counted, and an event', async () => {
    const { conn, remote } = await harness.open();
    const log = events(conn);
    conn.next('taken');
    conn.complete();
    conn.next('one');
    conn.send('two', 'drop');
    expect([conn.refused, conn.dropped, log]).toEqual([2, 0, ['refused', 'refused']]);
    await until('the FIN', () => remote.seen.includes('fin'));
    expect(remote.received.toString()).toBe('taken');
    conn.destroy();
  });

  it('T1: sendTo completes when its own bytes have been sent, though others are refused', async () => {
    const { conn } = await harness.open();
    const codes: string[] = [];
    of('x').pipe(sendTo(conn)).subscribe(codesOf(codes));
    conn.complete();
    EMPTY.pipe(sendTo(conn)).subscribe(codesOf(codes));
    await until('both', () => codes.length === 2);
    expect(codes.sort()).toEqual(['ERR_NOT_WRITABLE', 'complete']);
    conn.destroy();
  });

  const cutShort: Record<string, (conn: Connection) => void> = {
    'the deadline of close()': (conn) => {
      conn.close(30);
    },
    'destroy()': (conn) => {
      conn.destroy();
    },
    'destroy() while it closes': (conn) => {
      conn.close();
      conn.destroy();
    },
    'a write timeout': (conn) => {
      conn.setTimeouts({ writeTimeoutMs: 30 });
    },
    'a read timeout': (conn) => {
      observed(conn);
      conn.setTimeouts({ readTimeoutMs: 30 });
    },
    'an idle timeout': (conn) => {
      conn.setTimeouts({ idleTimeoutMs: 30 });
    },
    maxOutputBytes: (conn) => {
      conn.next(Buffer.alloc(1 << 28));
    },
    ERR_SATURATED: (conn) => {
      conn.send('x', 'close');
    },
    'the error of its source': (conn) => {
      conn.error(new Error('of the source'));
    },
    'reset()': (conn) => {
      conn.reset();
    },
  };
  for (const [name, end] of Object.entries(cutShort)) {
    it(`T2: output that is cut short by ${name} ends with RST`, async () => {
      const { conn, remote } = await harness.open();
      const log = events(conn);
      remote.read(false);
      conn.next(zeros(harness.moreThanSystem));
      await settled();
      end(conn);
      await until('the closing', () => log.includes('closed'));
      remote.read(true);
      await until('the end', () => remote.seen.length > 0);
      expect(remote.seen).toEqual(['rst']);
      expect(remote.received.length).toBeLessThan(harness.moreThanSystem);
    });
  }

  it('T2: a value that is refused for its size alone ends with RST, too', async () => {
    const { conn, remote } = await harness.open({
      write: { high: 10, low: 5 },
      maxOutputBytes: 100,
    });
    conn.next('head');
    await until('the head', () => remote.received.length === 4);
    conn.next('x'.repeat(101));
    await until('the end', () => remote.seen.length > 0);
    expect(remote.seen).toEqual(['rst']);
  });

  /** Serves one client; what its pipeline does is noted. */
  async function served(pipeline: (conn: Connection, log: string[]) => Observable<unknown>) {
    const { listener, dial } = harness.server();
    const log: string[] = [];
    const connections: Connection[] = [];
    const serving = listener
      .pipe(
        serve(
          (conn) => {
            connections.push(conn);
            return pipeline(conn, log).pipe(finalize(() => log.push('end')));
          },
          { onError: (error) => log.push(codeOf(error)) },
        ),
      )
      .subscribe();
    const remote = await dial();
    await until('the connection', () => connections.length === 1);
    return { conn: connections[0]!, remote, log, serving };
  }

  it('T3: a held stage that works goes on when both ends have ended, and its last values come', async () => {
    const gate = new Subject<string>();
    const { conn, remote, log, serving } = await served((conn, log) => {
      conn.complete();
      return conn.pipe(
        lines(),
        concatMapHeld(() => gate.pipe(take(2))),
        tap((value) => log.push(value)),
      );
    });
    remote.send('one\n');
    remote.end();
    await until('the work', () => gate.observed && conn.closed);
    await settled();
    expect([log, gate.observed]).toEqual([[], true]);
    gate.next('1');
    gate.next('2');
    expect(log).toEqual(['1', '2', 'end']);
    serving.unsubscribe();
  });

  it('T3: an answer that comes too late for its own connection is not lost in silence', async () => {
    const gate = new Subject<string>();
    const { conn, remote, log, serving } = await served((conn) => {
      conn.complete();
      return conn.pipe(
        lines(),
        concatMapHeld(() => gate.pipe(take(1))),
        sendTo(conn),
      );
    });
    // It was refused at once: the output had ended before.
    await until('the error', () => log.length > 0);
    expect([log, conn.writable]).toEqual([['ERR_NOT_WRITABLE', 'end'], false]);
    remote.end();
    serving.unsubscribe();
  });

  it('T3: a reset cuts the pipeline', async () => {
    const gate = new Subject<string>();
    const { remote, log, serving } = await served((conn) =>
      conn.pipe(
        lines(),
        mergeMap(() => gate),
      ),
    );
    remote.send('one\n');
    await until('the stage', () => gate.observed);
    remote.reset();
    await until('the cut', () => log.length > 0);
    expect([log, gate.observed]).toEqual([['ECONNRESET', 'end'], false]);
    serving.unsubscribe();
  });

  it('T4: the answers of plain asynchronous stages reach a client that has half-closed', async () => {
    const gate = new Subject<string>();
    const { conn, remote, log, serving } = await served((conn) =>
      conn.pipe(
        lines(),
        concatMap((line) =>
          gate.pipe(
            take(1),
            map(() => line),
          ),
        ),
        sendTo(conn),
      ),
    );
    remote.send('one\ntwo\n');
    remote.end();
    for (const answers of ['one', 'onetwo']) {
      await until('the question', () => gate.observed);
      await settled();
      expect([conn.writable, remote.seen]).toEqual([true, []]);
      gate.next('go on');
      await until('the answer', () => remote.received.toString() === answers);
    }
    await until('the end', () => log.length > 0 && remote.seen.length > 0);
    expect([log, remote.seen]).toEqual([['end'], ['fin']]);
    serving.unsubscribe();
  });

  it('T4: a held stage keeps the output open for what it writes by next()', async () => {
    const gate = new Subject<void>();
    const { conn, remote, log, serving } = await served((conn) =>
      conn.pipe(
        lines(),
        concatMapHeld((line) =>
          gate.pipe(
            take(1),
            tap(() => {
              conn.next(line);
            }),
          ),
        ),
      ),
    );
    remote.send('one\n');
    remote.end();
    await until('the question', () => gate.observed);
    await settled();
    expect([conn.writable, remote.seen]).toEqual([true, []]);
    gate.next();
    await until('the end', () => log.length > 0 && remote.seen.length > 0);
    expect([remote.received.toString(), log, remote.seen]).toEqual(['one', ['end'], ['fin']]);
    serving.unsubscribe();
  });

  it('T4: what writes to a client from elsewhere does not keep it when it has left', async () => {
    const room = new Subject<string>();
    const { conn, remote, log, serving } = await served((conn) =>
      merge(conn.pipe(lines(), ignoreElements()), room.pipe(sendTo(conn))),
    );
    await until('the guest', () => room.observed);
    room.next('heard');
    await until('the line', () => remote.received.toString() === 'heard');
    remote.end();
    await until('the end', () => log.length > 0 && conn.closed && remote.seen.length > 0);
    expect([log, room.observed, remote.seen]).toEqual([['end'], false, ['fin']]);
    serving.unsubscribe();
  });

  it('T4: what derives by a shared input counts, by any subscriber', async () => {
    const gate = new Subject<string>();
    const { remote, log, serving } = await served((conn) => {
      const all = conn.pipe(lines(), share());
      return all.pipe(
        mergeMap(() => gate.pipe(take(1))),
        sendTo(conn),
      );
    });
    remote.send('ask\n');
    remote.end();
    await until('the question', () => gate.observed);
    await settled();
    gate.next('answer');
    await until('the end', () => log.length > 0 && remote.seen.length > 0);
    expect([remote.received.toString(), log, remote.seen]).toEqual(['answer', ['end'], ['fin']]);
    serving.unsubscribe();
  });

  it('T4: allowHalfOpen leaves the output to its owner', async () => {
    const { conn, remote } = await harness.open({ allowHalfOpen: true });
    const seen = observed(conn);
    remote.end();
    await until('the end', () => seen.log.length > 0);
    await settled();
    expect([conn.writable, conn.closed, remote.seen]).toEqual([true, false, []]);
    conn.complete();
    await until('the FIN', () => remote.seen.length > 0);
    await until('the closing', () => conn.closed);
  });

  it('T5: closed is what whenClosed says, writable whether next is taken', async () => {
    const { conn, remote } = await harness.open();
    const log: unknown[] = [];
    conn.whenClosed.subscribe(() => log.push(conn.closed));
    observed(conn);
    expect([conn.writable, conn.closed]).toEqual([true, false]);
    conn.complete();
    expect([conn.writable, conn.closed]).toEqual([false, false]);
    await until('the FIN', () => remote.seen.length > 0);
    expect(conn.closed).toBe(false);
    remote.end();
    await until('the end', () => log.length > 0);
    expect([log, conn.writable, conn.closed]).toEqual([[true], false, true]);
  });

  const endings: Record<string, (conn: Connection, reset: () => void) => void> = {
    'destroy()': (conn) => {
      conn.destroy();
    },
    'reset()': (conn) => {
      conn.reset();
    },
    'close() and its deadline': (conn) => {
      conn.close(20);
    },
    'the error of its source': (conn) => {
      conn.error(new Error('of the source'));
    },
    'the reset of its peer': (_, reset) => {
      reset();
    },
    'a write timeout': (conn) => {
      conn.setTimeouts({ writeTimeoutMs: 20 });
    },
    maxOutputBytes: (conn) => {
      conn.next(Buffer.alloc(1 << 28));
    },
  };
  for (const [name, end] of Object.entries(endings)) {
    it(`F3, T6: saturated ends with drained, and every Observable once, by ${name}`, async () => {
      const { conn, remote } = await harness.open();
      const log = events(conn);
      const ends: string[] = [];
      conn.subscribe({ error: () => ends.push('input'), complete: () => ends.push('input') });
      conn.drained.subscribe({
        next: () => ends.push('drained'),
        complete: () => ends.push('of drained'),
      });
      conn.events.subscribe({ complete: () => ends.push('of events') });
      conn.whenClosed.subscribe({ complete: () => ends.push('of whenClosed') });
      remote.read(false);
      conn.next(zeros(harness.moreThanSystem));
      expect(conn.saturated).toBe(true);
      await settled();
      end(conn, () => {
        remote.reset();
      });
      await until('the end', () => ends.includes('of whenClosed'));
      await settled();
      expect(conn.saturated).toBe(false);
      const changes = log.filter((type) => type === 'saturated' || type === 'drained');
      expect([changes, log.at(-1)]).toEqual([['saturated', 'drained'], 'closed']);
      expect([...ends].sort()).toEqual(
        ['drained', 'input', 'of drained', 'of events', 'of whenClosed'].sort(),
      );
      const late: string[] = [];
      conn.drained.subscribe({ complete: () => late.push('drained') });
      conn.events.subscribe({ complete: () => late.push('events') });
      conn.whenClosed.subscribe({ complete: () => late.push('whenClosed') });
      expect(late).toEqual(['drained', 'events', 'whenClosed']);
    });
  }
}
