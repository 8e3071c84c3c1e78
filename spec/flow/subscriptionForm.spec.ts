import { concatMap, defer, repeat, Subject, take, type Observable } from 'rxjs';
import { Input } from '../../lib/connection/Input';
import { readingTransport } from '../connection/support/InputModel';
import { Intake } from '../../lib/flow/Intake';
import { FakeSource } from './support/FakeSource';
import { ManualTurns } from './support/ManualTurns';
import { record } from '../support/record';

/** One value, work that takes time, the next value: demand is subscription. */
function oneByOne<T, R>(source: Observable<T>, work: (value: T) => Observable<R>): Observable<R> {
  return defer(() => source.pipe(take(1))).pipe(concatMap(work), repeat());
}

describe('The subscription form', () => {
  const turns = new ManualTurns();
  beforeEach(() => turns.install());
  afterEach(() => {
    turns.remove();
  });

  it('takes a value only when the work on the one before is done, and loses none', () => {
    const source = new FakeSource<number>();
    const gates: Subject<number>[] = [];
    const result = oneByOne(source, () => {
      const gate = new Subject<number>();
      gates.push(gate);
      return gate;
    });
    const { values } = record(result);
    turns.runAll();
    source.offer(1, 2, 3);
    for (const value of [1, 2, 3]) {
      turns.runAll();
      expect(gates).toHaveLength(value);
      expect(source.observers).toBe(0);
      gates[value - 1]?.next(value);
      gates[value - 1]?.complete();
    }
    expect(values).toEqual([1, 2, 3]);
    expect(source.observers).toBe(1);
  });

  it('reads only while it wants a value', () => {
    const reading: boolean[] = [];
    const input = new Input(
      readingTransport({
        read: (on) => reading.push(on),
        credit: () => undefined,
        readHigh: () => undefined,
      }),
      { low: 1, high: 2 },
      {
        observer: undefined,
        onHoldsChanged: () => undefined,
        onInputEnded: () => undefined,
        keepOpen: () => () => undefined,
      },
    );
    for (let round = 0; round < 2; round += 1) {
      const nothing = (): void => undefined;
      const reader = new Intake<Uint8Array>({ next: nothing, error: nothing, complete: nothing });
      input.subscribe(reader);
      reader.unsubscribe();
    }
    expect(reading).toEqual([true, false, true, false]);
  });
});
