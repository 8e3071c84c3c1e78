import { delay, map, of } from 'rxjs';
import { type Release, LibeventError, lines, sendTo } from 'rxjs-libevent';
import {
  type MarbleHelpers,
  MarbleError,
  marbles as run,
  idleTimeout,
  readTimeout,
  writeTimeout,
} from 'rxjs-libevent/testing';
import { marbles } from './support/marbles';

function failure(body: (helpers: MarbleHelpers) => unknown): MarbleError {
  try {
    marbles(body);
  } catch (error) {
    if (error instanceof MarbleError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('marbles', () => {
  it("is RxJS's TestScheduler, with its helpers", () => {
    marbles(({ cold, hot, time, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b|');
      expectObservable(source.pipe(delay(time('--|')))).toBe('---a-(b|)');
      expectSubscriptions(source.subscriptions).toBe('^---!');
      expectObservable(hot('--x|')).toBe('--x|');
    });
  });

  it('emits chunks at their frames, those of one frame together', () => {
    marbles(({ connection, expectObservable }) => {
      const conn = connection('-a-(bc)-|', { a: 'A', b: 'B', c: new Uint8Array([67]) });
      const text = conn.pipe(map((chunk) => chunk.toString()));
      expectObservable(text).toBe('-a-b----|', { a: 'A', b: 'BC' });
    });
  });

  it('emits chunks one after the other, if asked to', () => {
    marbles(({ connection, expectObservable }) => {
      const values = { a: 'A', b: 'B', c: new Uint8Array([67]) };
      const conn = connection('-a-(bc)-|', values, { coalesce: false });
      expectObservable(conn.pipe(map((chunk) => chunk.toString()))).toBe('-a-(bc)-|', {
        a: 'A',
        b: 'B',
        c: 'C',
      });
    });
  });

  it('takes characters for text where there is no table', () => {
    marbles(({ connection, expectOutput }) => {
      const conn = connection('-a-b|');
      conn.pipe(sendTo(conn)).subscribe();
      expectOutput(conn).toBe('-a-b|');
    });
  });

  it('joins what waits, as a system does', () => {
    marbles(({ connection, at, expectObservable }) => {
      const conn = connection('-a-b-|');
      const release = conn.hold();
      at('----r', { r: release });
      expectObservable(conn.pipe(map((chunk) => chunk.toString()))).toBe('----v|', { v: 'ab' });
    });
  });

  it('fails with an error by its code', () => {
    marbles(({ connection, expectObservable, expectClosed }) => {
      const conn = connection('--#', {}, { code: 'EHOSTUNREACH' });
      expectObservable(conn).toBe('--#', {}, new LibeventError('EHOSTUNREACH', 'read'));
      for (const pattern of ['EHOSTUNREACH', /^read EHOSTUNREACH/, LibeventError])
        expectClosed(conn).toBe('--#', pattern);
    });
  });

  it('times out when the test says so, or the clock', () => {
    marbles(({ connection, expectClosed }) => {
      const [scripted, timed] = [
        connection('--t', { t: readTimeout }),
        connection('-a', {}, { readTimeoutMs: 5 }),
      ];
      for (const conn of [scripted, timed]) conn.subscribe({ error: () => undefined });
      expectClosed(scripted).toBe('--#', 'ETIMEDOUT');
      expectClosed(timed).toBe('------#', 'ETIMEDOUT');
    });
  });

  it('times out once, though another timeout is under way', () => {
    marbles(({ connection, expectObservable, expectClosed }) => {
      const conn = connection('--(tt)', { t: readTimeout });
      conn.subscribe({ error: () => undefined });
      const types = conn.events.pipe(map(({ type }) => type));
      expectObservable(types).toBe('--(tc|)', { t: 'timeout', c: 'closed' });
      expectClosed(conn).toBe('--#', 'ETIMEDOUT');
    });
  });

  it.each(['|', '#'])('says nothing of an end that is under way when it times out: %s', (end) => {
    marbles(({ connection, expectObservable, expectClosed }) => {
      const conn = connection(`--(t${end})`, { t: readTimeout });
      conn.subscribe({ error: () => undefined });
      const types = conn.events.pipe(map(({ type }) => type));
      expectObservable(types).toBe('--(tc|)', { t: 'timeout', c: 'closed' });
      expectClosed(conn).toBe('--#', 'ETIMEDOUT');
    });
  });

  it('times out idle to the frame, or when the test says so', () => {
    marbles(({ connection, at, expectClosed, expectHolds }) => {
      const idleTimeoutMs = 5;
      const silent = connection('', {}, { idleTimeoutMs });
      const receives = connection('--a--b', {}, { idleTimeoutMs });
      const sends = connection('', {}, { idleTimeoutMs });
      const stuck = connection('', {}, { takes: '', idleTimeoutMs });
      const held = connection('', {}, { idleTimeoutMs });
      const holdsOn = connection('', {}, { idleTimeoutMs });
      const scripted = connection('--t', { t: idleTimeout });
      for (const conn of [silent, receives, scripted]) conn.subscribe({ error: () => undefined });
      const release = held.hold();
      holdsOn.hold('for ever');
      at('---w---r', {
        w: () => {
          for (const conn of [sends, stuck]) conn.next('x');
        },
        r: release,
      });
      expectClosed(silent).toBe('-----#', 'ETIMEDOUT');
      expectClosed(receives).toBe('----------#', 'ETIMEDOUT');
      expectClosed(sends).toBe('--------#', 'ETIMEDOUT');
      expectClosed(stuck).toBe('-----R');
      expectClosed(held).toBe('------------#', 'ETIMEDOUT');
      expectClosed(holdsOn).toBe('');
      expectHolds(holdsOn).toBe('h', { h: ['for ever'] });
      expectClosed(scripted).toBe('--#', 'ETIMEDOUT');
    });
  });

  it('times out writing when the peer takes nothing', () => {
    marbles(({ connection, at, expectClosed, expectObservable }) => {
      const conn = connection('', {}, { takes: '', writeTimeoutMs: 3, whenTimeout: 'event' });
      conn.next('x');
      const types = conn.events.pipe(map(({ type }) => type));
      expectObservable(types, '^-------!').toBe('---t--t', { t: 'timeout' });
      const scripted = connection('--t', { t: writeTimeout });
      scripted.subscribe({ error: () => undefined });
      expectClosed(scripted).toBe('--#', 'ETIMEDOUT');
      at('--------x', {
        x: () => {
          conn.destroy();
        },
      });
    });
  });

  it('shows demand, from the first subscriber to the last', () => {
    marbles(({ connection, cold, expectClosed, expectDemand }) => {
      const conn = connection('');
      expectClosed(conn).toBe('');
      cold('--a---b|').subscribe({
        next: (step) =>
          step === 'a' ? subscriptions.push(conn.subscribe()) : subscriptions.pop()?.unsubscribe(),
      });
      const subscriptions: { unsubscribe(): void }[] = [];
      expectDemand(conn).toBe('--^---!');
    });
  });

  it('shows holds by their causes, as they change', () => {
    marbles(({ connection, at, expectClosed, expectHolds }) => {
      const conn = connection('');
      expectClosed(conn).toBe('');
      const releases: Release[] = [];
      at('-a-b-c-d', {
        a: () => releases.push(conn.hold('first')),
        b: () => releases.push(conn.hold('second')),
        c: () => releases.shift()?.(),
        d: () => releases.shift()?.(),
      });
      expectHolds(conn).toBe('-a-b-c-!', { a: 'first', b: ['first', 'second'], c: 'second' });
    });
  });

  it('saturates above the high mark and drains at the low one, as the peer takes', () => {
    marbles(({ connection, expectSaturation, expectOutput, expectWritten }) => {
      const conn = connection('', {}, { takes: '--2--3', write: { high: 4, low: 1 } });
      conn.next('abcde');
      expectWritten(conn).toBe('a', { a: 'abcde' });
      expectSaturation(conn).toBe('^----!');
      expectOutput(conn).toBe('--a--b', { a: 'ab', b: 'cde' });
    });
  });

  it('keeps to its marks, beside others that wait until bytes have been sent', () => {
    marbles(({ connection, expectClosed, expectSaturation }) => {
      const conn = connection('', {}, { takes: '--2--4', write: { high: 4, low: 1 } });
      expectClosed(conn).toBe('');
      of('ab').pipe(sendTo(conn)).subscribe();
      conn.next('cdef');
      expectSaturation(conn).toBe('^----!');
    });
  });

  it('is not saturated at a high mark that is lowered to its output', () => {
    marbles(({ connection, at, expectSaturation }) => {
      const conn = connection('', {}, { takes: '', write: { high: 9 } });
      conn.next('12345');
      at('-a-b', {
        a: () => {
          conn.setWatermarks({ write: { high: 5 } });
        },
        b: () => {
          conn.setWatermarks({ write: { high: 4 } });
        },
      });
      expectSaturation(conn).toBe('---^');
    });
  });

  it('delivers what was read ahead, then the error', () => {
    marbles(({ connection, at, expectObservable, expectDemand }) => {
      // In the turn in which both have been read, the first one holds the second.
      const first = connection('-a-|');
      const conn = connection('-b#');
      let release: Release = () => undefined;
      first.subscribe({
        next: () => {
          release = conn.hold('slow');
        },
        complete: () => {
          first.complete();
        },
      });
      at('--------r', {
        r: () => {
          release();
        },
      });
      const seen = conn.pipe(map((chunk) => chunk.toString()));
      expectObservable(seen).toBe(
        '--------(b#)',
        { b: 'b' },
        new LibeventError('ECONNRESET', 'read'),
      );
      expectDemand(conn).toBe('^!');
    });
  });

  it('counts as output only what the system has not taken', () => {
    marbles(({ connection, expectClosed, expectSaturation }) => {
      const conn = connection(
        '',
        {},
        { takes: '-----*', sendBufferBytes: 3, write: { high: 2, low: 1 } },
      );
      conn.next('abcde');
      expectSaturation(conn).toBe('^----!');
      const roomy = connection(
        '',
        {},
        { takes: '', sendBufferBytes: 5, write: { high: 2, low: 1 } },
      );
      roomy.next('abcde');
      for (const open of [conn, roomy]) expectClosed(open).toBe('');
      expectSaturation(roomy).toBe('(^!)');
    });
  });

  it('takes multiples by a table, everything by *, and no more by !', () => {
    marbles(({ connection, expectOutput }) => {
      const conn = connection('', {}, { takes: ['-k-*-!-1', { k: 2 }] });
      const more = (text: string) => () => {
        conn.next(text);
      };
      of(0).subscribe(more('abc'));
      expectOutput(conn).toBe('-a-b', { a: 'ab', b: 'c' });
    });
    marbles(({ connection, at, expectOutput, expectUnsent }) => {
      const conn = connection('', {}, { takes: '*-!---2' });
      expectUnsent(conn).toBe('d');
      at('-a-b', {
        a: () => {
          conn.next('a');
        },
        b: () => {
          conn.next('bcd');
        },
      });
      expectOutput(conn).toBe('-a----b', { b: 'bc', a: 'a' });
    });
  });

  it('compares output by frame, or piece by piece', () => {
    marbles(({ connection, expectOutput }) => {
      const conn = connection('');
      conn.next('a');
      conn.next('b');
      expectOutput(conn).toBe('x', { x: 'ab' });
      expectOutput(conn).toBe('(ab)');
      expectOutput(conn, { coalesced: false }).toBe('(ab)');
      expectOutput(conn).toAddUpTo('ab', { end: 'none' });
    });
    expect(
      failure(({ connection, expectOutput }) => {
        const conn = connection('');
        conn.next('ab');
        expectOutput(conn, { coalesced: false }).toBe('(ab)');
      }).message,
    ).toBe(
      [
        'expectOutput(connection 1): frame 0 differs',
        '',
        '  expected  (ab)',
        '  actual    c',
        '            ^',
        '  a  "a"',
        '  b  "b"',
        '  c  "ab"',
        '',
      ].join('\n'),
    );
  });

  it('keeps endings apart', () => {
    marbles(({ connection, at, expectClosed, expectOutput }) => {
      const [ended, reset, destroyed, open] = ['---|', '', '', ''].map((input) =>
        connection(input),
      );
      ended!.subscribe();
      at('--x', {
        x: () => {
          ended!.complete();
          reset!.reset();
          destroyed!.destroy();
          open!.next('a');
        },
      });
      expectClosed(ended!).toBe('---|');
      expectClosed(reset!).toBe('--R');
      expectClosed(destroyed!).toBe('--!');
      expectClosed(open!).toBe('');
      expectOutput(ended!).toBe('--|');
      expectOutput(reset!).toBe('--#');
      expectOutput(destroyed!).toBe('--|');
    });
  });

  it('ends at the deadline where the peer does not', () => {
    marbles(({ connection, expectClosed, expectOutput }) => {
      const conn = connection('');
      conn.close(250);
      expectOutput(conn).toBe('|');
      expectClosed(conn).toBe('250ms !');
    });
  });

  it('draws both timelines, aligned, with a caret under the first difference', () => {
    const { message } = failure(({ connection, expectOutput }) => {
      const conn = connection('--a 100ms b--(cd)-|');
      conn.pipe(sendTo(conn)).subscribe({
        complete: () => {
          conn.complete();
        },
      });
      expectOutput(conn).toBe('--a 100ms b--c-----|');
    });
    expect(message).toBe(
      [
        'expectOutput(connection 1): frame 106 differs',
        '',
        '  expected  --a 100ms b--c-----|',
        '  actual    --a 100ms b--d----|',
        '                         ^',
        '  a  "a"',
        '  b  "b"',
        '  c  "c"',
        '  d  "cd"',
        '',
      ].join('\n'),
    );
  });

  it('draws what expectObservable compares, too', () => {
    const { message, cause } = failure(({ connection, expectObservable }) => {
      expectObservable(connection('-a-b|').pipe(map((chunk) => chunk.toString()))).toBe('-a-c|');
    });
    expect(message).toBe(
      [
        'expectObservable: the timelines differ',
        '',
        '  expected  -a-b|',
        '  actual    -a-c|',
        '               ^',
        "  a  'a'",
        "  b  'c'",
        "  c  'b'",
        '',
      ].join('\n'),
    );
    expect((cause as Error).message).toContain('toEqual');
  });

  it('points at the line of the test', () => {
    const { stack } = failure(({ connection, expectClosed }) => {
      const conn = connection('');
      conn.next('a');
      expectClosed(conn).toBe('-|');
    });
    expect(stack?.split('\n').find((line) => line.includes(' at '))).toContain('marbles.spec');
  });

  it('counts what is as expected with the assertion function of the test', () => {
    const asserted: unknown[] = [];
    run(
      ({ connection, expectClosed, expectDemand }) => {
        const conn = connection('-|');
        conn.subscribe();
        expectDemand(conn).toBe('^!');
        expectClosed(conn).toBe('-|');
      },
      (actual) => asserted.push(actual),
    );
    expect(asserted).toEqual(['^!', '-|']);
  });

  it('leaves later turns as they were, even when a test fails', async () => {
    expect(() => {
      marbles(() => {
        throw new Error('thrown');
      });
    }).toThrow('thrown');
    await new Promise(setImmediate);
    marbles(({ connection, expectObservable }) => {
      const conn = connection('a|', { a: 'x\n' });
      expectObservable(conn.pipe(lines())).toBe('x|');
    });
  });
});
