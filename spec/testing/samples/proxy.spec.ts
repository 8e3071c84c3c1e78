import { of } from 'rxjs';
import { serve } from 'rxjs-libevent';
import { proxy } from '../../../samples/pipelines/proxy';
import { marbles } from '../support/marbles';

describe('proxy', () => {
  it('relays both ways, and each end when it comes', () => {
    marbles(({ connection, connector, peer, expectOutput, expectClosed }) => {
      const client = connection('-a---|', {}, { name: 'client' });
      const server = peer('---b----|', {}, { name: 'server' });
      const target = connector(['s'], { s: server })({ port: 1 });
      of(client)
        .pipe(serve((conn) => proxy(conn, target)))
        .subscribe();
      expectOutput(server).toBe('-a---|');
      expectOutput(client).toBe('---b----|');
      expectClosed(client).toBe('--------|');
      expectClosed(server).toBe('--------|');
    });
  });

  it('stops reading the client while the server takes nothing, to the frame', () => {
    marbles((test) => {
      const { connection, connector, peer, expectDemand, expectHolds, expectOutput } = test;
      const client = connection('--a-b-c-|', { a: 'aaaa', b: 'bbbb', c: 'cc' }, { name: 'client' });
      const server = peer('18ms |', {}, { name: 'server', takes: '----------3-3--*' });
      const target = connector(['s'], { s: server })({ port: 1, write: { high: 6, low: 2 } });
      proxy(client, target).subscribe();
      expectDemand(client).toBe('^---!-------(^!)');
      expectHolds(client).toBe('----s-------!', { s: server });
      test.expectSaturation(server).toBe('----^-------!');
      test.expectClosed(client).toBe('18ms |');
      expectOutput(server).toBe('----------x-y--(z|)', { x: 'aaa', y: 'abb', z: 'bbcc' });
    });
  });

  it('passes a reset on as a reset', () => {
    marbles(({ connection, connector, peer, expectOutput, expectClosed }) => {
      const client = connection('--#', {}, { name: 'client' });
      const server = peer('');
      const target = connector(['s'], { s: server })({ port: 1 });
      of(client)
        .pipe(serve((conn) => proxy(conn, target)))
        .subscribe();
      expectOutput(server).toBe('--#');
      expectClosed(client).toBe('--#');
      expectClosed(server).toBe('--R');
    });
  });

  it('resets the client when the server cannot be reached', () => {
    marbles(({ connection, connector, expectOutput, expectSessionError }) => {
      const client = connection('a');
      const target = connector(['---#'])({ port: 1 });
      of(client)
        .pipe(serve((conn) => proxy(conn, target)))
        .subscribe();
      expectOutput(client).toBe('---#');
      expectSessionError(client).toBe('---#', 'ECONNREFUSED');
    });
  });
});
