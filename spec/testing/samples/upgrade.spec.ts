import { of } from 'rxjs';
import { serve } from 'rxjs-libevent';
import { everyChunking } from 'rxjs-libevent/testing';
import { upgrade } from '../../../samples/pipelines/upgrade';
import { marbles } from '../support/marbles';

const handshake = 'upgrade to frames\n';
const frames = Buffer.concat([Buffer.from(handshake), Buffer.from('\0\x02hi\0\x03you', 'latin1')]);
const answer = Buffer.from('upgraded\n\0\x02HI\0\x03YOU', 'latin1');

describe('upgrade', () => {
  it('finds its frames behind the handshake, wherever the input is cut', () => {
    everyChunking(
      frames,
      (chunks) => {
        marbles(({ connection, expectOutput, expectClosed }) => {
          const conn = connection(chunks);
          of(conn).pipe(serve(upgrade)).subscribe();
          expectOutput(conn).toBe('(x|)', { x: answer });
          expectClosed(conn).toBe('|');
        });
      },
      { pieces: 3 },
    );
  });

  it('resets a peer that says something else', () => {
    marbles(({ connection, expectOutput, expectClosed, expectSessionError }) => {
      const conn = connection('--a', { a: 'hello\n' });
      of(conn).pipe(serve(upgrade)).subscribe();
      expectOutput(conn).toBe('--#');
      expectClosed(conn).toBe('--R');
      expectSessionError(conn).toBe('--#', /^not a handshake: "hello"/);
    });
  });
});
