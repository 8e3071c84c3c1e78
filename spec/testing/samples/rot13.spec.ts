import { of } from 'rxjs';
import { serve } from 'rxjs-libevent';
import { marbles } from 'rxjs-libevent/testing';
import { rot13 } from '../../../samples/pipelines/rot13';

describe('rot13', () => {
  it('answers every line rotated, reads until the end and closes in order', () => {
    marbles(({ connection, expectDemand, expectOutput, expectClosed }) => {
      const conn = connection('--a--b--|', { a: 'Hel', b: 'lo\nWorld\n' });
      of(conn).pipe(serve(rot13)).subscribe();
      expectDemand(conn).toBe('^-------!');
      expectOutput(conn).toBe('-----x--|', { x: 'Uryyb\nJbeyq\n' });
      expectClosed(conn).toBe('--------|');
    });
  });
});
