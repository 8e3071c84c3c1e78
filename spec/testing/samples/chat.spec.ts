import { Subject } from 'rxjs';
import { type WhenSaturated, serve } from 'rxjs-libevent';
import type { MarbleHelpers } from 'rxjs-libevent/testing';
import { chat } from '../../../samples/pipelines/chat';
import { marbles } from '../support/marbles';

/** A speaker, and a listener that takes nothing before frame 12. */
function room({ listener, peer }: MarbleHelpers, whenSaturated: WhenSaturated) {
  const speaker = peer('--a-b-c', { a: 'one\n', b: 'two\n', c: 'three\n' }, { name: 'speaker' });
  const slow = peer('', {}, { name: 'slow', takes: '------------*' });
  const all = new Subject<string>();
  listener('(sl)', { s: speaker, l: slow }, { write: { high: 20, low: 0 } })
    .pipe(serve((conn) => chat(conn, all, whenSaturated)))
    .subscribe();
  return { speaker, slow };
}

const said = { a: 'guest-50001: one\n', b: 'guest-50001: two\n', c: 'guest-50001: three\n' };

describe('chat', () => {
  it('goes on without a slow reader, when it drops', () => {
    marbles((test) => {
      const { speaker, slow } = room(test, 'drop');
      test.expectOutput(speaker).toBe('--a-b-c', said);
      // Three lines are an ordinary burst: dropping begins far above the mark that holds.
      test.expectOutput(slow).toBe('------------(abc)', said);
    });
  });

  it('waits for a slow reader, when it holds', () => {
    marbles((test) => {
      const { speaker, slow } = room(test, 'hold');
      test.expectHolds(speaker).toBe('----s-------!', { s: slow });
      test.expectOutput(speaker).toBe('--a-b-------c', said);
      test.expectOutput(slow).toBe('------------(abc)', said);
    });
  });

  it('parts with a slow reader, when it closes', () => {
    marbles((test) => {
      const { speaker, slow } = room(test, 'close');
      test.expectOutput(speaker).toBe('--a-b-c', said);
      test.expectOutput(slow).toBe('------#');
      test.expectClosed(slow).toBe('------R');
    });
  });
});
