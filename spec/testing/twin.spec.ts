import { firstValueFrom, map, merge, of, take } from 'rxjs';
import type { Listener } from 'rxjs-libevent';
import { EventBase, LibeventError, sendTo, serve } from 'rxjs-libevent';
import { marbles } from './support/marbles';

const echo = serve((conn) => conn.pipe(sendTo(conn)));

describe('marbles: as the kernel has it', () => {
  it('fails the look-up of a name as a base does', async () => {
    const base = new EventBase();
    const target = { host: 'nobody.invalid', port: 40713 };
    const lookup = (_host: string, _options: unknown, found: (error: Error) => void) => {
      found(Object.assign(new Error('not found'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }));
    };
    const real: unknown = await firstValueFrom(
      base.connect({ ...target, lookup: lookup as never }),
    ).catch((error: unknown) => error);
    await base.close();
    expect(real).toMatchObject({ code: 'ENOTFOUND', syscall: 'getaddrinfo' });
    marbles(({ connector, expectAttempts, expectObservable }) => {
      const connect = connector(
        ['--#', '-e', '-#'],
        { e: real as LibeventError },
        {
          code: 'ENOTFOUND',
        },
      );
      expectObservable(connect(target)).toBe('--#', {}, real);
      expectObservable(connect(target)).toBe('-#', {}, real);
      // A numeric address is not looked up.
      expectObservable(connect({ host: '127.0.0.1', port: 1 })).toBe(
        '-#',
        {},
        expect.objectContaining({ syscall: 'connect' }),
      );
      expectAttempts(connect).toBe('(123)');
    });
  });

  it('has both ends of a connection in one family, at the address that is bound', () => {
    marbles(({ connection, listener, connector, peer, expectObservable }) => {
      const ends = map((conn: ReturnType<typeof connection>) => {
        conn.destroy();
        const { localAddress: near, remoteAddress: far } = conn;
        return `${near.address} ${String(near.port)}, ${far.address} ${String(far.port)}`;
      });
      const own = { address: '2001:db8::7', port: 4711 };
      expectObservable(of(connection(''), connection('', {}, own)).pipe(ends)).toBe('(ab|)', {
        a: '127.0.0.1 40713, 127.0.0.1 50001',
        b: '::1 40713, 2001:db8::7 4711',
      });
      const six = listener('-a', { a: peer('') }, { host: '::', port: 7 });
      const four = listener('-a', { a: peer('', {}, { port: 9 }) }, { host: '192.0.2.1' });
      expectObservable(merge(six, four).pipe(ends)).toBe('-(ab)', {
        a: '::1 7, ::1 50003',
        b: '192.0.2.1 40713, 127.0.0.1 9',
      });
      expectObservable(six.bound.pipe(map(({ address, family }) => `${family} ${address}`))).toBe(
        'a',
        { a: 'IPv6 ::' },
      );
      const connect = connector(['-a'], { a: peer('', {}, { name: 'server' }) });
      expectObservable(connect({ host: '2001:db8::1', port: 80 }).pipe(ends)).toBe('-(a|)', {
        a: '::1 50005, 2001:db8::1 80',
      });
    });
  });

  it('names an address and a port of a peer that are none', () => {
    expect(() => {
      marbles(({ peer }) => peer('', {}, { address: 'name.test' }));
    }).toThrow("peer 1: address must be a numeric address, got 'name.test'");
    expect(() => {
      marbles(({ peer }) => peer('', {}, { port: 0 }));
    }).toThrow('port must be a whole number of ports from 1 to 65535, got 0');
  });

  it('connects a peer beyond the backlog when there is room, and its frames begin then', () => {
    marbles(({ listener, peer, at, expectConnected, expectOutput }) => {
      const peers = ['a', 'b', 'c', 'd'].map((name) => peer('-x|', {}, { name }));
      const [a, b, c, d] = peers as [
        (typeof peers)[0],
        (typeof peers)[0],
        (typeof peers)[0],
        (typeof peers)[0],
      ];
      const server = listener('(abcd)', { a, b, c, d }, { backlog: 1 });
      const release = server.hold('test');
      server.pipe(echo).subscribe();
      at('-----r', { r: release });
      for (const each of peers) expectConnected(each).toBe('-----^');
      for (const each of [a, b]) expectOutput(each).toBe('-----(x|)');
      for (const each of [c, d]) expectOutput(each).toBe('------x|');
    });
  });

  it('ends the connections of a base that closes, and completes its listener', () => {
    marbles((test) => {
      const { listener, peer, expectClosed, expectOutput, expectObservable } = test;
      const [a, b] = [peer('-x'), peer('-x', {}, { takes: '' })];
      const server = listener('-(ab)-|', { a, b });
      expectObservable(server.pipe(echo)).toBe('------|');
      expectOutput(a).toBe('--x---|');
      expectClosed(a).toBe('------!');
      expectOutput(b).toBe('------#');
      expectClosed(b).toBe('------R');
      test.expectSessionError(b).toBe('------#', 'ECANCELED');
    });
  });

  it('has a peer that closes for good answer the next write with RST', () => {
    marbles(({ connection, at, expectClosed, expectOutput, expectObservable }) => {
      const conn = connection('--!', {}, { allowHalfOpen: true });
      conn.subscribe();
      const write = () => {
        conn.next('x');
      };
      at('-w--w--w', { w: write });
      const types = conn.events.pipe(map(({ type }) => type));
      expectObservable(types).toBe('--e----(wc|)', { e: 'eof', w: 'error', c: 'closed' });
      expectOutput(conn).toBe('-x');
      expectClosed(conn).toBe('-------#', 'EPIPE');
    });
  });

  it('has a peer that closes with bytes that it has not taken reset the connection', () => {
    marbles(({ connection, expectClosed }) => {
      const conn = connection('--!', {}, { takes: '', sendBufferBytes: 9 });
      conn.subscribe({ error: () => undefined });
      conn.next('x');
      expectClosed(conn).toBe('--#');
    });
  });

  it('reads an end behind bytes only when those have been taken', () => {
    marbles(({ connection, expectObservable, expectClosed }) => {
      const conn = connection('-(a|)');
      of(conn)
        .pipe(serve((it) => it.pipe(take(1), sendTo(it))))
        .subscribe();
      // It has closed before it has seen the end: there is no 'eof'.
      const types = conn.events.pipe(map(({ type }) => type));
      expectObservable(types).toBe('-(fc|)', { f: 'finished', c: 'closed' });
      expectClosed(conn).toBe('-|');
    });
  });

  it('fails what is left of a write whose first part a closed peer has answered with RST', () => {
    marbles(({ connection, at, expectClosed }) => {
      const config = { takes: '0', sendBufferBytes: 2, allowHalfOpen: true };
      const conn = connection('-!', {}, config);
      conn.subscribe({ error: () => undefined });
      at('---w', {
        w: () => {
          conn.next('abcdef');
        },
      });
      expectClosed(conn).toBe('---#', 'EPIPE');
    });
  });

  it('reads the end behind bytes when a write that has failed has taken the error', () => {
    marbles(({ connection, at, expectClosed, expectObservable }) => {
      const config = { takes: '0', sendBufferBytes: 2, allowHalfOpen: true };
      const conn = connection('-(a!)', { a: 'bytes' }, config);
      const read = conn.pipe(map((chunk) => chunk.toString()));
      at('---w', {
        w: () => {
          conn.next('abcdef');
        },
      });
      const events = conn.events.pipe(
        map((event) => `${event.type} ${event.type === 'error' ? event.error.code : ''}`),
      );
      expectObservable(events).toBe('-h-w-(ec|)', {
        ...{ h: 'hangup ', w: 'error EPIPE' },
        ...{ e: 'eof ', c: 'closed ' },
      });
      expectObservable(read, '-----^').toBe('-----(a|)', { a: 'bytes' });
      expectClosed(conn).toBe('-----#', 'EPIPE');
    });
  });

  it('sends the writes of one call in one go, which a closed peer answers as one', () => {
    marbles(({ connection, at, expectClosed, expectObservable, expectWritten }) => {
      const conn = connection('-!', {}, { allowHalfOpen: true });
      conn.subscribe();
      const writeTwice = () => {
        conn.next('a');
        conn.next('b');
      };
      at('---w----w', { w: writeTwice });
      const types = conn.events.pipe(map(({ type }) => type));
      expectObservable(types).toBe('-e------(wc|)', { e: 'eof', w: 'error', c: 'closed' });
      expectWritten(conn).toBe('---(ab)-(ab)');
      expectClosed(conn).toBe('--------#', 'EPIPE');
    });
  });

  it('sends writes apart that something else stands between', () => {
    marbles(({ connection, at, expectClosed }) => {
      const conn = connection('-!', {}, { allowHalfOpen: true });
      conn.subscribe();
      const write = () => {
        conn.next('a');
        conn.setTimeouts({ writeTimeoutMs: 5 });
        conn.next('b');
      };
      at('---w', { w: write });
      expectClosed(conn).toBe('---#', 'EPIPE');
    });
  });

  it('reads on, and finds the end, where a hold ends with the write that is answered by RST', () => {
    marbles(({ connection, expectClosed, expectObservable, expectHolds }) => {
      const config = { write: { high: 12, low: 2 }, sendBufferBytes: 100 };
      const conn = connection('-(a!)', { a: 'line one and two\n' }, config);
      const events = conn.events.pipe(map(({ type }) => type));
      expectObservable(events).toBe('-h-(sdewc|)', {
        ...{ h: 'hangup', s: 'saturated', d: 'drained', e: 'eof', w: 'error', c: 'closed' },
      });
      expectObservable(conn.pipe(sendTo(conn)), '---^').toBe('---|');
      expectHolds(conn).toBe('---(c!)', { c: conn });
      expectClosed(conn).toBe('---#', 'EPIPE');
    });
  });

  describe('a listener that closes while there is no descriptor', () => {
    const emfile = new LibeventError('EMFILE', 'accept');
    const close = (server: Listener) => () => {
      server.close();
    };

    it('serves who waits once there is one, then completes', () => {
      marbles((test) => {
        const [a, late] = [test.peer('-x|'), test.peer('')];
        const server = test.listener('-(ea)---l', { e: emfile, a, l: late });
        test.at('--c', { c: close(server) });
        const troubles = server.errors.pipe(map(({ code }) => code));
        test.expectObservable(troubles).toBe('-e', { e: 'EMFILE' });
        test.expectObservable(server.pipe(echo)).toBe('101ms |');
        test.expectAccepted(server).toBe('101ms a', { a });
        test.expectOutput(a).toBe('101ms (x|)');
        test.expectRefused(late).toBe('--------#');
      });
    });

    it('resets who waits when nobody is subscribed any more', () => {
      marbles((test) => {
        const a = test.peer('-x|');
        const server = test.listener('-(ea)', { e: emfile, a });
        test.at('--c', { c: close(server) });
        test.expectObservable(server.pipe(echo), '^---!').toBe('');
        test.expectRefused(a).toBe('----#');
      });
    });

    it('ends with its base', () => {
      marbles((test) => {
        const a = test.peer('-x|');
        const server = test.listener('-(ea)---|', { e: emfile, a });
        test.at('--c', { c: close(server) });
        test.expectObservable(server.pipe(echo)).toBe('--------|');
        test.expectRefused(a).toBe('--------#');
      });
    });

    it('waits for the last of several that are missing', () => {
      marbles((test) => {
        const a = test.peer('');
        const server = test.listener('-(ea) 45ms e', { e: emfile, a });
        test
          .expectObservable(server.pipe(take(1)))
          .toBe('150ms (a|)', { a: expect.anything() as unknown });
        test.expectClosed(a).toBe('');
      });
    });
  });
});
