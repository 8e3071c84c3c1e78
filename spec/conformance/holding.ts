import { type Observable, Subject, concatMap, map, take, tap } from 'rxjs';
import { type Release, concatMapHeld, hold, lines, sendTo } from 'rxjs-libevent';
import type { Harness } from './Harness';
import { events, observed } from './observed';
import { pattern } from '../support/pattern.cjs';
import { zeros } from '../support/zeros';

type It = (behaviour: string, body: () => Promise<void>) => void;

/** Who is held, for how long, and that nothing is lost by it. */
export function holding(harness: Harness, it: It): void {
  const { until, settled } = {
    until: harness.until.bind(harness),
    settled: () => harness.settled(),
  };

  it('F5: emits nothing while held, then everything in order', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    const release = conn.hold('spec');
    remote.send('a');
    remote.send('b');
    await settled();
    expect(seen.bytes.length).toBe(0);
    release();
    await until('both', () => seen.bytes.length === 2);
    expect(seen.bytes.toString()).toBe('ab');
  });

  it('F5: emits nothing inside the release', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    let release: Release = () => undefined;
    conn.pipe().subscribe(() => {
      release = conn.hold();
    });
    remote.send('a');
    await until('the first', () => seen.bytes.length === 1);
    remote.send('b');
    await settled();
    release();
    expect(seen.bytes.toString()).toBe('a');
    await until('the second', () => seen.bytes.length === 2);
  });

  it('F5: emits nothing that has come in front of a hold, as of another connection that is emitting', async () => {
    const [one, other] = [await harness.open(), await harness.open()];
    const all = [one, other].map(({ conn }) => observed(conn));
    const releases: Release[] = [];
    const holds = (conn: typeof one.conn): void => {
      if (!conn.held) releases.push(conn.hold());
    };
    // Both have come, and the first to emit holds the other.
    one.conn.pipe(take(1)).subscribe(() => {
      holds(other.conn);
    });
    other.conn.pipe(take(1)).subscribe(() => {
      holds(one.conn);
    });
    one.remote.send('a');
    other.remote.send('b');
    await until('the first', () => releases.length > 0);
    await settled();
    expect(all.map(({ bytes }) => bytes.length).sort()).toEqual([0, 1]);
    for (const release of releases) release();
    await until('both', () => all.every(({ bytes }) => bytes.length === 1));
  });

  it('does not go on when a new hold comes after the release', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    const first = conn.hold('first');
    remote.send('a');
    await settled();
    first();
    const second = conn.hold('second');
    await settled();
    expect(seen.bytes.length).toBe(0);
    second();
    await until('the byte', () => seen.bytes.length === 1);
  });

  it('goes on when the last of several holds has gone', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    const [one, other] = [conn.hold('one'), conn.hold('other')];
    remote.send('a');
    expect(conn.heldBy).toEqual(['one', 'other']);
    one();
    await settled();
    expect([conn.held, seen.bytes.length]).toEqual([true, 0]);
    other();
    await until('the byte', () => seen.bytes.length === 1);
    expect(conn.heldBy).toEqual([]);
  });

  it('takes a second call of a release for none', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    const [one, other] = [conn.hold('one'), conn.hold('other')];
    one();
    one();
    remote.send('a');
    await settled();
    expect([conn.held, seen.bytes.length]).toEqual([true, 0]);
    other();
    await until('the byte', () => seen.bytes.length === 1);
  });

  it('is held by hold() within next', async () => {
    const { conn, remote } = await harness.open({ read: { high: 1, low: 0 } });
    const got: string[] = [];
    let release: Release = () => undefined;
    conn.subscribe((chunk) => {
      got.push(chunk.toString());
      release = hold('slow');
    });
    remote.send('abc');
    await until('a', () => got.length === 1);
    expect(conn.heldBy).toEqual(['slow']);
    await settled();
    expect(got).toEqual(['a']);
    release();
    await until('b', () => got.length === 2);
    await settled();
    expect(got).toEqual(['a', 'b']);
    release();
    await until('c', () => got.length === 3);
  });

  it('is silent to the line, when one is held on', async () => {
    const { conn, remote } = await harness.open();
    const got: string[] = [];
    let release: Release = () => undefined;
    conn.pipe(lines()).subscribe((line) => {
      got.push(line);
      release = hold();
    });
    remote.send('a\nb\nc\n');
    await until('the first line', () => got.length === 1);
    await settled();
    expect(got).toEqual(['a']);
    release();
    await until('the second line', () => got.length === 2);
    await settled();
    expect(got).toEqual(['a', 'b']);
    release();
    await until('the third line', () => got.length === 3);
  });

  it('F1, F2: reads ahead no more than the high mark', async () => {
    const { conn, remote } = await harness.open({ read: { high: 1000, low: 500 } });
    const seen = observed(conn);
    let release: Release = () => undefined;
    const holding = conn.subscribe(() => {
      release = conn.hold();
    });
    remote.send(pattern(100_000));
    await until('a first chunk', () => seen.bytes.length > 0);
    await settled();
    expect(seen.bytes.length + conn.inputBytes).toBeLessThanOrEqual(1000);
    holding.unsubscribe();
    release();
    await until('the rest', () => seen.bytes.length === 100_000);
    expect(seen.bytes.equals(pattern(100_000))).toBe(true);
  });

  it('goes on reading when the high mark is raised', async () => {
    const { conn, remote } = await harness.open({ read: { high: 10, low: 0 } });
    const seen = observed(conn);
    remote.send(pattern(5000));
    conn.setWatermarks({ read: { high: 2000 } });
    await until('all', () => seen.bytes.length === 5000);
    expect(seen.bytes.equals(pattern(5000))).toBe(true);
  });

  it('F5, T6: has its tail and its end after the release', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    const release = conn.hold();
    remote.send('tail');
    remote.end();
    await settled();
    expect([seen.bytes.length, seen.log.length]).toEqual([0, 0]);
    release();
    await until('the end', () => seen.log.length > 0);
    expect([seen.bytes.toString(), ...seen.log]).toEqual(['tail', 'C']);
  });

  it('F12: hears that the peer has gone while its bytes wait', async () => {
    const { conn, remote } = await harness.open();
    const log = events(conn);
    const seen = observed(conn);
    const release = conn.hold();
    await settled();
    remote.send('unread');
    await settled();
    remote.end();
    await until('the hangup', () => log.includes('hangup'));
    expect(seen.bytes.length).toBe(0);
    release();
    await until('the end', () => seen.log.length > 0);
    expect([seen.bytes.toString(), ...seen.log]).toEqual(['unread', 'C']);
  });

  it('F12: hears the end while paused, when nothing waits', async () => {
    const { conn, remote } = await harness.open();
    const log = events(conn);
    remote.end();
    await until('the end', () => log.includes('eof'));
    expect(log).not.toContain('hangup');
  });

  it('F4: holds the source of what saturates it until it has drained', async () => {
    const [source, sink] = [
      await harness.open(),
      await harness.open({ write: { high: 1000, low: 10 } }),
    ];
    sink.remote.read(false);
    const log = events(sink.conn);
    source.conn.pipe(sendTo(sink.conn)).subscribe();
    sink.conn.next(zeros(harness.moreThanSystem));
    source.remote.send('through');
    await until('the hold', () => source.conn.held);
    expect(source.conn.heldBy).toEqual([sink.conn]);
    sink.remote.read(true);
    await until('the bytes', () => sink.remote.received.length === harness.moreThanSystem + 7);
    await until('the release', () => !source.conn.held);
    expect(log.filter((type) => type === 'saturated' || type === 'drained')).toEqual([
      'saturated',
      'drained',
    ]);
    expect(sink.remote.received.subarray(-7).toString()).toBe('through');
  });

  it('F9: lets go of the source when it is destroyed', async () => {
    const [source, sink] = [
      await harness.open(),
      await harness.open({ write: { high: 2, low: 1 } }),
    ];
    const seen = observed(source.conn);
    source.conn.subscribe(sink.conn);
    sink.remote.read(false);
    sink.conn.next(zeros(harness.moreThanSystem));
    source.remote.send('abc');
    await until('the hold', () => source.conn.held);
    sink.conn.destroy();
    await until('the release', () => !source.conn.held);
    source.remote.send('d');
    await until('more', () => seen.bytes.length === 4);
  });

  it('F9: lets go of the source when its peer resets it', async () => {
    const [source, sink] = [
      await harness.open(),
      await harness.open({ write: { high: 2, low: 1 } }),
    ];
    source.conn.subscribe({
      next: (chunk) => {
        sink.conn.next(chunk);
      },
    });
    const ending = observed(sink.conn);
    sink.remote.read(false);
    sink.conn.next(zeros(harness.moreThanSystem));
    source.remote.send('abc');
    await until('the hold', () => source.conn.held);
    sink.remote.reset();
    await until('the release', () => !source.conn.held);
    await until('the end', () => ending.log.length > 0);
    expect(ending.log).toEqual(['E:ECONNRESET']);
  });

  it('F7: a held stage holds its source while it works, a plain one does not', async () => {
    type Work = (line: string) => Observable<string>;
    const stages = [(work: Work) => concatMapHeld(work), (work: Work) => concatMap(work)];
    for (const [index, stage] of stages.entries()) {
      const { conn, remote } = await harness.open();
      const gate = new Subject<void>();
      const done: string[] = [];
      const work: Work = (line) =>
        gate.pipe(
          take(1),
          map(() => line),
        );
      conn.pipe(lines(), stage(work)).subscribe((line) => done.push(line));
      remote.send('one\ntwo\n');
      await until('the work', () => gate.observed);
      expect([conn.held, done]).toEqual([index === 0, []]);
      while (done.length < 2) {
        const before = done.length;
        await until('the next', () => gate.observed);
        gate.next();
        await until('the answer', () => done.length > before);
      }
      await settled();
      expect([conn.held, done]).toEqual([false, ['one', 'two']]);
      conn.destroy();
    }
  });

  it('passes megabytes on, whole, to a peer that stops and goes', async () => {
    const [source, sink] = [await harness.open(), await harness.open()];
    const sent = pattern(3_000_001);
    let turn = false;
    source.conn
      .pipe(
        tap(() => {
          turn = !turn;
          sink.remote.read(turn);
        }),
        sendTo(sink.conn),
      )
      .subscribe({
        complete: () => {
          sink.conn.complete();
        },
      });
    source.remote.send(sent);
    source.remote.end();
    await until('the last byte read', () => source.conn.inputBytes === 0);
    await until('the end', () => {
      sink.remote.read(true);
      return sink.remote.seen.includes('fin');
    });
    expect(sink.remote.received.equals(sent)).toBe(true);
  });

  it('stalls an echo to a peer that never reads, bounded', async () => {
    const { conn, remote } = await harness.open({
      read: { high: 10_000, low: 5000 },
      write: { high: 10_000, low: 5000 },
    });
    remote.read(false);
    conn.next(zeros(harness.moreThanSystem));
    conn.subscribe({
      next: (chunk) => {
        conn.next(chunk);
      },
    });
    remote.send(Buffer.alloc(1_000_000));
    await until('the stall', () => conn.held);
    await settled();
    expect(conn.outputBytes).toBeLessThanOrEqual(harness.moreThanSystem + 20_000);
    expect(conn.inputBytes).toBeLessThanOrEqual(10_000);
    expect(conn.heldBy).toEqual([conn]);
    conn.destroy();
  });
}
