import fc from 'fast-check';
import { asapScheduler, from, map, Subject, VirtualTimeScheduler, type Observable } from 'rxjs';
import { hold } from '../../lib/flow/hold';
import type { Release } from '../../lib/flow/Source';
import { concatMapHeld } from '../../lib/flow/concatMapHeld';
import { currentSource } from '../../lib/flow/Source';
import { mergeMapHeld } from '../../lib/flow/mergeMapHeld';
import { observeOnHeld } from '../../lib/flow/observeOnHeld';
import { FakeSource } from './support/FakeSource';
import { ManualTurns } from './support/ManualTurns';

type Kind = 'sync' | 'late' | 'source';
type Stage = 'concat' | 'merge' | 'nested' | 'observeOn';
type Operation =
  'offer' | 'step' | 'hold' | 'release' | 'turn' | 'time' | 'hold at next' | 'touch at next';

/** A chain of held operators between a fake source and a consumer that holds at random. */
class Chain {
  readonly turns = new ManualTurns().install();
  readonly time = new VirtualTimeScheduler();
  readonly source = new FakeSource<number>();
  readonly seen: number[] = [];
  readonly releases: Release[] = [];
  completed = false;
  offered = 0;
  private readonly steps: (() => boolean)[] = [];
  private readonly atNext: ('hold' | 'touch')[] = [];
  private readonly inner: FakeSource<number>[] = [];
  private last: ReturnType<typeof currentSource>;
  private active = 0;
  private asked = 0;

  constructor(
    stages: readonly Stage[],
    private readonly kinds: readonly Kind[],
    private readonly concurrency: number,
  ) {
    let chain: Observable<number> = this.source;
    for (const stage of stages) chain = chain.pipe(this.operator(stage));
    this.subscription = chain.subscribe({
      next: (value) => {
        this.next(value);
      },
      complete: () => {
        this.completed = true;
      },
    });
  }

  readonly subscription;

  run(operation: Operation, choice: number): void {
    if (operation === 'offer') this.source.offer(this.offered++);
    else if (operation === 'step') this.step(choice);
    else if (operation === 'hold') this.releases.push(this.last?.hold('random') ?? nothing);
    else if (operation === 'release') this.releases.splice(choice % 3, 1)[0]?.();
    else if (operation === 'turn') this.turns.runOne();
    else if (operation === 'time') this.time.flush();
    else this.atNext.push(operation === 'hold at next' ? 'hold' : 'touch');
  }

  finish(): void {
    this.source.complete();
    for (let round = 0; !this.completed && round < 10_000; round += 1) this.settle();
    this.settle();
  }

  settle(): void {
    for (const release of this.releases.splice(0)) release();
    this.turns.runAll();
    this.time.flush();
    this.step(0);
  }

  get holding(): boolean {
    return this.source.held || this.inner.some((source) => source.held);
  }

  private next(value: number): void {
    const source = currentSource();
    if (!source || source.held) throw new Error('Emitted without a scope, or while held');
    this.last = source;
    this.seen.push(value);
    const action = this.atNext.shift();
    if (action === 'hold') this.releases.push(hold('at next'));
    if (action === 'touch') hold()();
  }

  private operator(stage: Stage): (source: Observable<number>) => Observable<number> {
    const project = (value: number): Observable<number> => this.project(value);
    if (stage === 'concat') return concatMapHeld(project);
    if (stage === 'merge') return mergeMapHeld(project, this.concurrency);
    if (stage === 'observeOn') return observeOnHeld(this.time, { limit: this.concurrency });
    return concatMapHeld((value) => from([value]).pipe(concatMapHeld(project)));
  }

  /** One value in, one value out: at once, late, or from a source that can be held. */
  private project(value: number): Observable<number> {
    this.active += 1;
    const kind = this.kinds[this.asked++ % this.kinds.length];
    if (kind === 'late') {
      const subject = new Subject<number>();
      let given = false;
      this.steps.push(() => {
        if (given) subject.complete();
        else subject.next(value);
        return (given = !given);
      });
      return subject;
    }
    if (kind !== 'source') return from([value]);
    const source = new FakeSource<number>(`inner of ${String(value)}`).offer(value);
    source.complete();
    this.inner.push(source);
    return source.pipe(map((same) => same));
  }

  private step(choice: number): void {
    const [step] = this.steps.splice(choice % Math.max(1, this.steps.length), 1);
    if (step?.() === true) this.steps.push(step);
  }
}

function nothing(): void {
  // Nobody was there to be held.
}

describe('Held operators in a chain', () => {
  const operations = fc.array(
    fc.tuple(
      fc.constantFrom<Operation>(
        ...(['offer', 'offer', 'step', 'step', 'hold', 'release', 'turn', 'turn'] as const),
        ...(['time', 'hold at next', 'touch at next'] as const),
      ),
      fc.nat(5),
    ),
    { maxLength: 120, size: 'max' },
  );
  const kinds = fc.array(fc.constantFrom<Kind>('sync', 'late', 'source'), {
    minLength: 1,
    maxLength: 6,
  });
  const ordered = fc.array(fc.constantFrom<Stage>('concat', 'nested', 'observeOn'), {
    minLength: 1,
    maxLength: 3,
  });
  const any = fc.array(fc.constantFrom<Stage>('concat', 'merge', 'nested', 'observeOn'), {
    minLength: 1,
    maxLength: 3,
  });
  const concurrency = fc.integer({ min: 1, max: 4 });

  function check(chain: Chain, expected: number[], seen: number[]): void {
    expect(seen).toEqual(expected);
    expect(chain.completed).toBe(true);
    expect(chain.holding).toBe(false);
    expect(chain.source.observers).toBe(0);
    chain.turns.remove();
  }

  it('emits every value once, in order, never while held, and completes', () => {
    fc.assert(
      fc.property(ordered, kinds, concurrency, operations, (stages, inners, limit, run) => {
        const chain = new Chain(stages, inners, limit);
        for (const [operation, choice] of run) chain.run(operation, choice);
        chain.finish();
        check(chain, [...Array(chain.offered).keys()], chain.seen);
      }),
      { numRuns: 1000 },
    );
  });

  it('loses nothing where inners run side by side', () => {
    fc.assert(
      fc.property(any, kinds, concurrency, operations, (stages, inners, limit, run) => {
        const chain = new Chain(stages, inners, limit);
        for (const [operation, choice] of run) chain.run(operation, choice);
        chain.finish();
        const sorted = [...chain.seen].sort((a, b) => a - b);
        check(chain, [...Array(chain.offered).keys()], sorted);
      }),
      { numRuns: 1000 },
    );
  });

  it('lets go of everything when it is unsubscribed, whenever that is', () => {
    fc.assert(
      fc.property(any, kinds, concurrency, operations, (stages, inners, limit, run) => {
        const chain = new Chain(stages, inners, limit);
        for (const [operation, choice] of run) chain.run(operation, choice);
        const count = chain.seen.length;
        chain.subscription.unsubscribe();
        expect(chain.holding).toBe(false);
        expect(chain.source.observers).toBe(0);
        chain.settle();
        expect(chain.seen).toHaveLength(count);
        chain.turns.remove();
      }),
      { numRuns: 500 },
    );
  });

  it('gives back all that waits for a scheduler, so that the next subscriber misses nothing', () => {
    fc.assert(
      fc.property(fc.array(concurrency, { minLength: 1, maxLength: 3 }), operations, (all, run) => {
        const chain = new Chain([], [], 1);
        const seen: number[] = [];
        const subscribe = (): void => {
          let result: Observable<number> = chain.source;
          for (const limit of all) result = result.pipe(observeOnHeld(chain.time, { limit }));
          subscription = result.subscribe((value) => seen.push(value));
        };
        chain.subscription.unsubscribe();
        let subscription = chain.subscription;
        subscribe();
        for (const [operation, choice] of run) {
          if (operation === 'hold') {
            subscription.unsubscribe();
            subscribe();
          } else {
            chain.run(operation, choice);
          }
        }
        for (let round = 0; round < 200; round += 1) chain.settle();
        expect(seen).toEqual([...Array(chain.offered).keys()]);
        chain.turns.remove();
      }),
      { numRuns: 500 },
    );
  });

  it('runs on real turns as well', async () => {
    const source = new FakeSource<number>();
    const seen: number[] = [];
    const done = new Promise<void>((resolve) => {
      source
        .pipe(
          observeOnHeld(asapScheduler, { limit: 2 }),
          mergeMapHeld((value) => Promise.resolve(value), 3),
          concatMapHeld((value) => new Promise<number>((go) => setImmediate(go, value))),
        )
        .subscribe({
          next: (value) => {
            seen.push(value);
            setImmediate(hold());
          },
          complete: resolve,
        });
    });
    for (let value = 0; value < 50; value += 1) source.offer(value);
    source.complete();
    await done;
    expect(seen).toEqual([...Array(50).keys()]);
  });
});
