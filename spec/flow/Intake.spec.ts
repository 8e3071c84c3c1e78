import { Observable, take, type Subscriber } from 'rxjs';
import { Intake } from '../../lib/flow/Intake';

function setUp(): { log: unknown[]; intake: Intake<number> } {
  const log: unknown[] = [];
  const intake = new Intake<number>({
    next: (value) => log.push(value),
    error: (error) => log.push(`error ${String(error)}`),
    complete: () => log.push('complete'),
  });
  return { log, intake };
}

describe('Intake', () => {
  it.each<[string, (subscriber: Subscriber<number>) => void, unknown[]]>([
    ['completes', (subscriber) => subscriber.complete(), [1, 'complete']],
    ['errors', (subscriber) => subscriber.error('bad'), [1, 'error bad']],
    ['is unsubscribed', (subscriber) => subscriber.unsubscribe(), [1]],
  ])('takes nothing more once it %s, and tears down first', (_, end, expected) => {
    const { log, intake } = setUp();
    let tornDown = 0;
    new Observable<number>((subscriber) => {
      subscriber.add(() => (tornDown += 1));
      subscriber.next(1);
      end(subscriber);
      subscriber.next(2);
      subscriber.error('late');
      subscriber.complete();
    }).subscribe(intake);
    expect(log).toEqual(expected);
    expect(tornDown).toBe(1);
    expect(intake.closed).toBe(true);
  });

  it('is the subscriber itself, with operators in between too', () => {
    const { log, intake } = setUp();
    let source: Subscriber<number> | undefined;
    new Observable<number>((subscriber) => {
      source = subscriber;
    })
      .pipe(take(3))
      .subscribe(intake);
    source?.next(1);
    intake.unsubscribe();
    expect(source?.closed).toBe(true);
    expect(log).toEqual([1]);
  });

  it('takes an error that is thrown on subscription', () => {
    const { log, intake } = setUp();
    new Observable<number>(() => {
      throw new Error('thrown');
    }).subscribe(intake);
    expect(log).toEqual(['error Error: thrown']);
  });
});
