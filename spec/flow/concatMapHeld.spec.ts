import type { EMPTY } from 'rxjs';
import { map, of, Subject } from 'rxjs';
import { holdable } from '../../lib/flow/holdable';
import { concatMapHeld } from '../../lib/flow/concatMapHeld';
import { FakeSource } from './support/FakeSource';
import { ManualTurns } from './support/ManualTurns';
import { marbles } from './support/marbles';
import { record } from '../support/record';

describe('concatMapHeld', () => {
  it('runs one inner after the other and holds the source under its own name', () => {
    const turns = new ManualTurns().install();
    const source = new FakeSource<number>();
    const inners = [new Subject<string>(), new Subject<string>()];
    const { values } = record(source.pipe(concatMapHeld((index) => inners[index]!)));
    source.offer(0, 1);
    turns.runAll();
    expect(source.own.heldBy).toEqual(['concatMapHeld']);
    inners[0]?.next('a');
    inners[1]?.next('too early');
    inners[0]?.complete();
    turns.runAll();
    inners[1]?.next('b');
    expect(values).toEqual(['a', 'b']);
    turns.remove();
  });

  it('draws the marble diagram of its documentation', () => {
    const calls: string[] = [];
    marbles(({ cold, expectObservable, scheduler }) => {
      const source = cold('--a-----------b-----------|');
      const inner = cold('   --v--v|');
      const expected = '   ----a--a--------b--b------|';
      const result = holdable(source, {
        pause: () => calls.push(`pause ${String(scheduler.now())}`),
        resume: () => calls.push(`resume ${String(scheduler.now())}`),
      }).pipe(concatMapHeld((value) => inner.pipe(map(() => value))));
      expectObservable(result).toBe(expected);
    });
    expect(calls).toEqual(['pause 2', 'resume 8', 'pause 14', 'resume 20']);
  });

  it('errors with what an inner errors, in virtual time', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--b----c--|');
      const inner = cold('    ---1--#');
      const subscription = '^-------!';
      const expected = '    -----1--#';
      expectObservable(source.pipe(concatMapHeld(() => inner))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('can be unsubscribed early, in virtual time', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--b----c--|');
      const inner = cold('    ---1--2|');
      const unsubscribe = ' ------!';
      const expected = '    -----1-';
      expectObservable(source.pipe(concatMapHeld(() => inner)), unsubscribe).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe('^-----!');
      expectSubscriptions(inner.subscriptions).toBe('--^---!');
    });
  });

  it('refuses a project that is no function', () => {
    expect(() => concatMapHeld(of(1) as unknown as () => typeof EMPTY)).toThrow(TypeError);
  });
});
