import { map, of, retry, take } from 'rxjs';
import { LibeventError, sendTo, serve } from 'rxjs-libevent';
import { type MarbleHelpers, marblesWith } from 'rxjs-libevent/testing';

const marbles = marblesWith((actual, expected) => {
  expect(actual).toEqual(expected);
});
const expired = new LibeventError('CERT_HAS_EXPIRED', 'handshake');
const garbage = new LibeventError('ERR_TLS_HANDSHAKE', 'handshake');

describe('a peer with tls', () => {
  it('is what connection.tls says, in a connection, a listener and a connector', () => {
    const peerCertificate = { subject: { CN: 'ada' } } as never;
    const who = { servername: 'a.example', alpnProtocol: 'h2', peerCertificate };
    const seen: unknown[] = [];
    marbles(({ connection, connector, listener, peer }) => {
      const note = map((conn: ReturnType<MarbleHelpers['connection']>) => {
        seen.push([conn.tls?.alpnProtocol, conn.tls?.authorized, conn.tls?.peerCertificate]);
        conn.destroy();
      });
      of(connection('', {}, { tls: who }))
        .pipe(note)
        .subscribe();
      listener('a', { a: peer('', {}, { tls: who }) })
        .pipe(take(1), note)
        .subscribe();
      connector(['b'], { b: peer('', {}, { tls: { protocol: 'TLSv1.2' } }) })({ port: 1, tls: {} })
        .pipe(note)
        .subscribe();
      connection('').destroy();
    });
    expect(seen).toEqual([
      ['h2', true, peerCertificate],
      ['h2', true, peerCertificate],
      [undefined, false, undefined],
    ]);
  });

  it('says all that a handshake agrees on, with defaults', () => {
    marbles(({ connection }) => {
      const session = Buffer.from('ticket');
      const conn = connection('', {}, { tls: { authorizationError: 'CERT_REVOKED', session } });
      expect(conn.tls).toMatchObject({
        ...{ protocol: 'TLSv1.3', cipher: { version: 'TLSv1.3' }, resumed: false },
        ...{ authorized: false, authorizationError: 'CERT_REVOKED', session, certificates: [] },
      });
      expect(conn.tls?.peerCertificate).toBeUndefined();
      conn.destroy();
      const plain = connection('');
      expect(plain.tls).toBeUndefined();
      plain.destroy();
    });
  });

  it('whose handshake fails is refused by a listener, which goes on', () => {
    marbles(({ listener, peer, expectObservable, expectOutput, expectRefused }) => {
      const stranger = peer('', {}, { tls: garbage });
      const client = peer('a|', {}, { tls: {} });
      const server = listener('-s-c', { s: stranger, c: client }, { maxConnections: 1 });
      expectObservable(server.handshakeErrors, '^----!').toBe('-g', { g: garbage });
      server.pipe(serve((conn) => conn.pipe(sendTo(conn)))).subscribe();
      expectRefused(stranger).toBe('-#');
      expectOutput(client).toBe('---a|');
    });
  });

  it('whose handshake fails fails the attempt to connect, and another may follow', () => {
    marbles(({ connector, peer, expectObservable, expectAttempts, expectRefused }) => {
      const old = peer('', {}, { tls: expired });
      const connect = connector(['--o', '-n'], { o: old, n: peer('x|', {}, { tls: {} }) });
      expectAttempts(connect).toBe('1-2');
      expectRefused(old).toBe('--#');
      expectObservable(
        connect({ port: 443, tls: {} }, (conn) => conn.pipe(map((chunk) => String(chunk)))).pipe(
          retry(1),
        ),
      ).toBe('---x|');
    });
  });

  it('refuses what is neither, and a failure of what is open', () => {
    marbles(({ connection, peer }) => {
      expect(() => peer('', {}, { tls: 'TLSv1.3' as never })).toThrow(
        /tls must say what was agreed on, or be a LibeventError, got/,
      );
      expect(() => peer('', {}, { tls: { alpn: 'h2' } as never })).toThrow(/alpn/);
      expect(() => connection('', {}, { tls: garbage })).toThrow('its handshake has not failed');
    });
  });
});
