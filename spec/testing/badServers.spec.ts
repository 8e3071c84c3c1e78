import { serve } from 'rxjs-libevent';
import { marbles } from './support/marbles';
import { messageOf } from './support/messageOf';

describe('listener and connector with bad input', () => {
  it('fails expectations of a listener that nobody has subscribed to', () => {
    for (const call of ['expectAccepted', 'expectDemand'] as const) {
      expect(
        messageOf((helpers) => {
          helpers[call](helpers.listener('')).toBe('');
        }),
      ).toBe(`${call}(listener 1): nobody has subscribed to listener 1`);
    }
  });

  it('takes a listener that is held from the start for subscribed', () => {
    marbles(({ listener, expectDemand, expectAccepted }) => {
      const server = listener('');
      server.hold('until all is ready');
      server.subscribe();
      expectDemand(server).toBe('');
      expectAccepted(server).toBe('');
    });
  });

  it('fails expectAttempts of a connect that was never called', () => {
    expect(
      messageOf(({ connector, expectAttempts }) => {
        expectAttempts(connector([''])).toBe('');
      }),
    ).toBe('expectAttempts(connector 1): connector 1 was never called');
  });

  it('lets a test expect that a connect which was called does not attempt', () => {
    marbles(({ connector, expectAttempts }) => {
      const connect = connector([]);
      connect({ port: 1 });
      expectAttempts(connect).toBe('');
    });
  });

  it('fails a test that leaves a listener held, by its cause', () => {
    expect(
      messageOf(({ listener }) => {
        const server = listener('');
        server.subscribe();
        server.hold('reload');
        server.hold('let go')();
      }),
    ).toBe(
      "listener 1 is held when the test ends, by 'reload': a release is missing, or expectDemand()",
    );
  });

  it('leaves a listener to the limits of serve', () => {
    marbles(({ listener, peer, expectClosed }) => {
      const a = peer('');
      listener('-a', { a })
        .pipe(serve((conn) => conn, { concurrency: 1 }))
        .subscribe();
      expectClosed(a).toBe('');
    });
  });

  it('fails a peer that stands in two places', () => {
    expect(
      messageOf(({ peer, listener }) => {
        const a = peer('');
        listener('a-a', { a }, { name: 'door' });
      }),
    ).toBe('door: peer 1 stands in door already, it connects once');
  });

  it('fails an attempt to connect that has no script', () => {
    expect(
      messageOf(({ connector }) => {
        connector([])({ port: 1 }).subscribe();
      }),
    ).toBe('connector 1: attempt 1 at frame 0, the script has 0');
  });

  it('names an errno that is none at a listener and a connect', () => {
    expect(messageOf(({ listener }) => listener('', {}, { code: 'broken' }))).toBe(
      "listener 1: code must be the name of an errno, got 'broken'",
    );
    expect(messageOf(({ connector }) => connector([], {}, { code: 5 as never }))).toBe(
      'connector 1: code must be the name of an errno, got number',
    );
  });

  it.each([
    [[], 'addresses must be an array of at least one'],
    ['127.0.0.1', 'addresses must be an array of at least one'],
    [['name.test'], "addresses: 'name.test' must be a numeric address"],
  ])('names addresses that are none: %j', (addresses, message) => {
    expect(messageOf(({ connector }) => connector([], {}, { addresses: addresses as [] }))).toBe(
      `connector 1: ${message}`,
    );
  });

  it('names an outcome of a connect that is none', () => {
    expect(
      messageOf(({ connector, connection }) => connector(['a'], { a: connection('') as never })),
    ).toBe("connector 1: attempt 1: 'a' must be a peer or a LibeventError, got Connection");
  });

  it('names what arrives at a listener and is no peer', () => {
    expect(messageOf(({ listener }) => listener('-a', { a: 'peer' as never }))).toBe(
      "listener 1: 'a' must be a peer or a LibeventError, got string",
    );
  });
});
