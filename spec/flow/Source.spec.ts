import fc from 'fast-check';
import type { Release } from '../../lib/flow/Source';
import { Source } from '../../lib/flow/Source';
import { currentSource } from '../../lib/flow/Source';
import { ManualTurns } from './support/ManualTurns';

function setUp(): { turns: ManualTurns; log: string[]; source: Source } {
  const turns = new ManualTurns();
  const log: string[] = [];
  const source = new Source({
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    defer: turns.schedule,
  });
  return { turns, log, source };
}

describe('Source', () => {
  it('pauses at once and resumes in a later turn', () => {
    const { turns, log, source } = setUp();
    const release = source.hold('a');
    expect(log).toEqual(['pause']);
    expect(source.held && source.waiting).toBe(true);
    release();
    expect(log).toEqual(['pause']);
    expect(source.held).toBe(false);
    expect(source.waiting).toBe(true);
    turns.runAll();
    expect(log).toEqual(['pause', 'resume']);
    expect(source.waiting).toBe(false);
  });

  it('does not resume when a new hold has come', () => {
    const { turns, log, source } = setUp();
    source.hold('a')();
    const release = source.hold('b');
    turns.runAll();
    expect(log).toEqual(['pause', 'pause']);
    expect(source.heldBy).toEqual(['b']);
    release();
    turns.runAll();
    expect(log).toEqual(['pause', 'pause', 'resume']);
  });

  it('asks for one turn only, however often it is held and released', () => {
    const { turns, log, source } = setUp();
    for (let count = 0; count < 5; count += 1) source.hold('a')();
    expect(turns.length).toBe(1);
    turns.runAll();
    expect(log.filter((entry) => entry === 'resume')).toHaveLength(1);
  });

  it('runs postponed work before it resumes, in its own scope', () => {
    const { turns, log, source } = setUp();
    const scopes: unknown[] = [];
    const release = source.hold('a');
    for (const name of ['1', '2']) {
      source.postpone(() => {
        log.push(name);
        scopes.push(currentSource());
      });
    }
    turns.runAll();
    expect(log).toEqual(['pause']);
    release();
    turns.runAll();
    expect(log).toEqual(['pause', '1', '2', 'resume']);
    expect(scopes).toEqual([source, source]);
    expect(currentSource()).toBeUndefined();
  });

  it('runs work that is postponed without a hold in a later turn', () => {
    const { turns, log, source } = setUp();
    source.postpone(() => log.push('work'));
    expect(source.waiting).toBe(true);
    expect(log).toEqual([]);
    turns.runAll();
    expect(log).toEqual(['work', 'resume']);
  });

  it('runs work of operators further downstream before older rest', () => {
    const { turns, log, source } = setUp();
    const release = source.hold('a');
    source.postpone(() => {
      log.push('downstream');
      source.postpone(() => log.push('downstream again'));
      source.postpone(() => log.push('between'));
    });
    source.postpone(() => log.push('upstream'));
    release();
    turns.runAll();
    expect(log).toEqual([
      ...['pause', 'downstream', 'downstream again', 'between', 'upstream', 'resume'],
    ]);
  });

  it('keeps the rest, in order, when work holds', () => {
    const { turns, log, source } = setUp();
    let release = source.hold('a');
    source.postpone(() => {
      log.push('1');
      release = source.hold('b');
      source.postpone(() => log.push('1 again'));
    });
    source.postpone(() => log.push('2'));
    release();
    turns.runAll();
    expect(log).toEqual(['pause', '1', 'pause']);
    release();
    turns.runAll();
    expect(log).toEqual(['pause', '1', 'pause', '1 again', '2', 'resume']);
  });

  it('goes on in a later turn when work has held and released', () => {
    const { turns, log, source } = setUp();
    source.postpone(() => {
      log.push('1');
      source.hold('a')();
    });
    source.postpone(() => log.push('2'));
    turns.runOne();
    expect(log).toEqual(['1', 'pause']);
    expect(source.waiting).toBe(true);
    turns.runAll();
    expect(log).toEqual(['1', 'pause', '2', 'resume']);
  });

  it('does not resume in the turn in which the last work has held and released', () => {
    const { turns, log, source } = setUp();
    source.postpone(() => {
      source.hold('a')();
    });
    turns.runOne();
    expect(log).toEqual(['pause']);
    turns.runAll();
    expect(log).toEqual(['pause', 'resume']);
  });

  it('does not run work that was taken back, even by other work', () => {
    const { turns, log, source } = setUp();
    const first = source.postpone(() => log.push('never'));
    source.postpone(() => {
      log.push('1');
      const inner = source.postpone(() => log.push('never'));
      source.postpone(() => log.push('1 again'));
      inner();
      source.postpone(() => log.push('1 at last'));
      takeBack();
      takeBack();
    });
    source.postpone(() => log.push('2'));
    const takeBack = source.postpone(() => log.push('never'));
    source.postpone(() => log.push('3'));
    first();
    turns.runAll();
    expect(log).toEqual(['1', '1 again', '1 at last', '2', '3', 'resume']);
  });

  it('appends what is postponed between turns', () => {
    const { turns, log, source } = setUp();
    let release: Release = () => undefined;
    source.postpone(() => {
      release = source.hold('a');
    });
    source.postpone(() => log.push('2'));
    turns.runAll();
    source.postpone(() => log.push('3'));
    release();
    turns.runAll();
    expect(log).toEqual(['pause', '2', '3', 'resume']);
  });

  it('is waiting while postponed work runs: nothing new may overtake it', () => {
    const { turns, source } = setUp();
    const seen: boolean[] = [];
    source.postpone(() => seen.push(source.waiting));
    source.postpone(() => seen.push(source.waiting));
    turns.runAll();
    expect(seen).toEqual([true, true]);
    expect(source.waiting).toBe(false);
  });

  it('takes back one of two that are the same function', () => {
    const { turns, log, source } = setUp();
    const work = (): void => {
      log.push('work');
    };
    source.postpone(work);
    source.postpone(() => log.push('other'));
    source.postpone(work)();
    turns.runAll();
    expect(log).toEqual(['work', 'other', 'resume']);
  });

  it('keeps the rest and goes on when work throws', () => {
    const { turns, log, source } = setUp();
    source.postpone(() => {
      throw new Error('thrown');
    });
    source.postpone(() => log.push('2'));
    expect(() => turns.runOne()).toThrow('thrown');
    expect(currentSource()).toBeUndefined();
    expect(source.waiting).toBe(true);
    turns.runAll();
    expect(log).toEqual(['2', 'resume']);
  });

  it('resumes when the only work throws', () => {
    const { turns, log, source } = setUp();
    source.postpone(() => {
      throw new Error('thrown');
    });
    expect(() => turns.runOne()).toThrow('thrown');
    turns.runAll();
    expect(log).toEqual(['resume']);
  });

  it('is bounded in one turn: work that always postpones more does not keep it', () => {
    const { turns, log, source } = setUp();
    const work = (): void => {
      log.push('work');
      if (log.length < 10) source.postpone(work);
    };
    source.postpone(work);
    turns.runOne();
    expect(log).toEqual(['work']);
    turns.runAll();
    expect(log).toHaveLength(11);
  });

  it('knows the way back for the value that its owner emits', () => {
    const back = jest.fn();
    const source = new Source({
      pause: () => undefined,
      resume: () => undefined,
      defer: () => undefined,
      giveBackOf: (value) => (value === 'a' ? back : undefined),
    });
    expect(source.giveBackOf('a')).toBe(back);
    expect(source.giveBackOf('b')).toBeUndefined();
    expect(setUp().source.giveBackOf('a')).toBeUndefined();
  });

  it('emits in order through stages that split, at any order of holds', () => {
    const operation = fc.constantFrom('offer', 'hold', 'release', 'turn');
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60, size: 'max' }),
        fc.array(fc.constantFrom('hold', 'touch', 'throw'), { maxLength: 12 }),
        fc.array(fc.nat(7), { maxLength: 12 }),
        (operations, actions, positions) => {
          const turns = new ManualTurns();
          const emitted: number[] = [];
          const releases: Release[] = [];
          const queue: number[] = [];
          let offered = 0;
          let releasing = false;
          const whileHeld: number[] = [];
          const atNext = new Map<number, string>();
          let last = 0;
          actions.forEach((action, index) => {
            last += positions[index] ?? 1;
            atNext.set(last, action);
          });

          const emit = (value: number): void => {
            if (source.held || releasing) whileHeld.push(value);
            emitted.push(value);
            const action = atNext.get(value);
            if (action === 'hold') releases.push(source.hold('at next'));
            if (action === 'touch') source.hold('touch')();
            if (action === 'throw') throw new Error('expected');
          };
          /** Hands on each range in two halves; while it has a rest to do, new ranges wait. */
          const split = (half: number, next: (start: number) => void) => {
            const parts: number[] = [];
            let busy = false;
            const work = (): void => {
              busy = true;
              while (parts.length > 0) {
                if (source.held) {
                  source.postpone(work);
                  return;
                }
                try {
                  next(parts.shift()!);
                } catch {
                  // As in RxJS: a consumer that throws stops nobody else.
                }
              }
              busy = false;
            };
            return (start: number): void => {
              parts.push(start, start + half);
              if (!busy) work();
            };
          };
          const pipeline = split(4, split(2, split(1, emit)));

          const pump = (): void => {
            while (queue.length > 0 && !source.waiting) pipeline(queue.shift()!);
          };
          const source = new Source({
            pause: () => undefined,
            resume: pump,
            defer: turns.schedule,
          });

          for (const one of operations) {
            if (one === 'offer') {
              queue.push(offered);
              offered += 8;
              pump();
            } else if (one === 'hold') {
              releases.push(source.hold('hold'));
            } else if (one === 'release') {
              releasing = true;
              releases.shift()?.();
              releasing = false;
            } else {
              turns.runOne();
            }
            if (source.held !== releases.length > 0) throw new Error(`held: ${source.held}`);
          }
          for (let round = 0; round < 100; round += 1) {
            releases.splice(0).forEach((release) => {
              release();
            });
            turns.runAll();
          }
          expect(emitted).toEqual(Array.from({ length: offered }, (_, index) => index));
          expect(whileHeld).toEqual([]);
          expect(source.waiting).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
