import { TestScheduler } from 'rxjs/testing';
import { laterTurn, useTurns } from '../../lib/flow/laterTurn';

describe('laterTurn', () => {
  it('runs tasks in order, in a later turn, all in one', async () => {
    const log: string[] = [];
    laterTurn(() => log.push('a'));
    laterTurn(() => log.push('b'));
    setImmediate(() => log.push('next immediate'));
    log.push('sync');
    await Promise.resolve();
    expect(log).toEqual(['sync']);
    await new Promise(setImmediate);
    expect(log).toEqual(['sync', 'a', 'b', 'next immediate']);
  });

  it('leaves a task of a task for the turn after', () => {
    const turns: (() => void)[] = [];
    const restore = useTurns((turn) => turns.push(turn));
    const log: string[] = [];
    laterTurn(() => {
      log.push('a');
      laterTurn(() => log.push('c'));
    });
    laterTurn(() => log.push('b'));
    expect(turns).toHaveLength(1);
    turns.shift()?.();
    expect(log).toEqual(['a', 'b']);
    expect(turns).toHaveLength(1);
    turns.shift()?.();
    expect(log).toEqual(['a', 'b', 'c']);
    expect(turns).toHaveLength(0);
    restore();
  });

  it('runs the other tasks of a turn in which one throws, in order', () => {
    const turns: (() => void)[] = [];
    const restore = useTurns((turn) => turns.push(turn));
    const log: string[] = [];
    laterTurn(() => {
      laterTurn(() => log.push('later'));
      throw new Error('thrown');
    });
    laterTurn(() => log.push('b'));
    expect(() => turns.shift()?.()).toThrow('thrown');
    expect(log).toEqual([]);
    expect(turns).toHaveLength(1);
    turns.shift()?.();
    expect(log).toEqual(['b', 'later']);
    laterTurn(() => {
      throw new Error('the last one');
    });
    expect(() => turns.shift()?.()).toThrow('the last one');
    expect(turns).toHaveLength(0);
    restore();
  });
});

describe('useTurns', () => {
  it('runs turns in the virtual time of a TestScheduler, in the same frame', () => {
    const scheduler = new TestScheduler((actual, expected) => {
      expect(actual).toEqual(expected);
    });
    const frames: number[] = [];
    scheduler.run(() => {
      const restore = useTurns((turn) => scheduler.schedule(turn));
      scheduler.schedule(() => {
        laterTurn(() => {
          frames.push(scheduler.now());
        });
      }, 7);
      scheduler.flush();
      restore();
    });
    expect(frames).toEqual([7]);
  });

  it('puts back what was there before, once', async () => {
    const outer: (() => void)[] = [];
    const restoreOuter = useTurns((turn) => outer.push(turn));
    const restoreInner = useTurns(() => undefined);
    restoreInner();
    laterTurn(() => undefined);
    expect(outer).toHaveLength(1);
    restoreOuter();
    restoreInner();
    restoreOuter();
    await new Promise<void>((resolve) => {
      laterTurn(resolve);
    });
  });

  it('leaves waiting tasks where they were', () => {
    const turns: (() => void)[] = [];
    const restore = useTurns((turn) => turns.push(turn));
    const task = jest.fn();
    laterTurn(task);
    restore();
    turns.shift()?.();
    expect(task).toHaveBeenCalledTimes(1);
  });
});
