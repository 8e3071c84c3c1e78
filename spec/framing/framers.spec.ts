import * as fc from 'fast-check';
import {
  concat,
  config,
  EMPTY,
  from,
  map,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  takeUntil,
  tap,
  throwError,
} from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { currentSource } from '../../lib/flow/Source';
import { hold } from '../../lib/flow/hold';
import type { Release } from '../../lib/flow/Source';
import { LibeventError } from '../../lib/common/LibeventError';
import { cutAt, places } from './chunked';
import { FakeConnection } from './FakeConnection';
import { framers } from './framers';

import { recordText } from './recordText';

describe.each(framers)('frames: $name', ({ create, input, frames: expected }) => {
  const whole = Buffer.concat([...input]);
  const first = expected[0] ?? '';

  it('neither emits nor ends when the source does not', () => {
    expect(recordText(NEVER.pipe(create()))).toEqual([]);
  });

  it('completes with an empty source', () => {
    expect(recordText(EMPTY.pipe(create()))).toEqual(['|']);
  });

  it('emits one frame and many, for any chunking', () => {
    expect(recordText(of(input[0] ?? whole).pipe(create()))).toEqual([first, '|']);
    fc.assert(
      fc.property(places, (where) => {
        const seen = recordText(from(cutAt(whole, where)).pipe(create()));
        expect(seen).toEqual([...expected, '|']);
      }),
    );
  });

  it('takes any Uint8Array', () => {
    expect(recordText(of(new Uint8Array(whole)).pipe(create()))).toEqual([...expected, '|']);
  });

  it('passes an error on after the frames that came before it', () => {
    const failing = concat(
      of(whole, whole.subarray(0, 1)),
      throwError(() => new LibeventError('ERR_FRAME_LENGTH', 'read', { detail: 'reset' })),
    );
    expect(recordText(failing.pipe(create()))).toEqual([
      ...expected,
      '# read ERR_FRAME_LENGTH: reset',
    ]);
  });

  it('subscribes once, and unsubscribes when it is unsubscribed, has ended or has failed', () => {
    const scheduler = new TestScheduler((actual, wanted) => {
      expect(actual).toEqual(wanted);
    });
    scheduler.run(({ cold, expectObservable, expectSubscriptions }) => {
      const values = { a: whole.subarray(0, 1), b: whole.subarray(1) };
      const marbles: [string, string, string][] = [
        ['-a-----', '---!   ', '^--!   '],
        ['-a----|', '-------', '^-----!'],
        ['-----# ', '-------', '^----! '],
      ];
      for (const [source, unsubscribe, subscriptions] of marbles) {
        const chunks = cold(source.replace('a----|', 'ab---|'), values);
        expectObservable(chunks.pipe(create()), unsubscribe);
        expectSubscriptions(chunks.subscriptions).toBe(subscriptions);
      }
    });
  });

  it('emits nothing more once it is unsubscribed within next, from a synchronous source too', () => {
    let asked = 0;
    const source = new Observable<Buffer>((subscriber) => {
      while (!subscriber.closed && asked < 10) {
        asked += 1;
        subscriber.next(whole);
      }
    });
    expect(recordText(source.pipe(create(), take(2)))).toEqual([...expected.slice(0, 2), '|']);
    expect(asked).toBe(1);
  });

  it('goes on for others when a consumer throws', () => {
    const unhandled: unknown[] = [];
    config.onUnhandledError = (error) => unhandled.push(error);
    jest.useFakeTimers();
    try {
      let count = 0;
      of(whole)
        .pipe(create())
        .subscribe(() => {
          count += 1;
          throw new Error('consumer');
        });
      jest.runAllTimers();
      expect(count).toBe(expected.length);
      expect(unhandled).toHaveLength(expected.length);
    } finally {
      jest.useRealTimers();
      config.onUnhandledError = null;
    }
  });

  it('gives unused bytes back when an operator behind it throws', () => {
    const connection = new FakeConnection([whole]);
    const failing = connection.pipe(
      create(),
      map((frame) => {
        if (frame.toString() === expected[1])
          throw new LibeventError('ERR_FRAME_LENGTH', 'read', { detail: 'x' });
        return frame;
      }),
    );
    const seen = recordText(failing);
    connection.run();
    expect(seen).toEqual([first, '# read ERR_FRAME_LENGTH: x']);
    expect(connection.left).toEqual(Buffer.concat(input.slice(2)));
  });

  it('is silent while the source is held, loses nothing and keeps the order', () => {
    const holds = fc.array(fc.constantFrom('hold', 'go', 'flicker'), { maxLength: 40 });
    fc.assert(
      fc.property(places, holds, fc.boolean(), (where, plan, ends) => {
        const connection = new FakeConnection(cutAt(whole, where));
        const { flow } = connection;
        if (ends) connection.endWith();
        const seen: string[] = [];
        const wrong: string[] = [];
        let release: Release | undefined;
        const see = (what: string): void => {
          if (flow.held) wrong.push(`${what} while held`);
          seen.push(what);
        };
        connection.pipe(create()).subscribe({
          next: (frame) => {
            see(frame.toString());
            if (currentSource() !== flow) wrong.push('another source is the current one');
            const step = plan[seen.length];
            if (step === 'hold') release = hold();
            if (step === 'flicker') hold()();
          },
          complete: () => {
            see('|');
          },
        });
        do {
          connection.run();
          const before = seen.length;
          release?.();
          if (seen.length > before) wrong.push('emits within the release');
        } while (connection.turn());
        expect(wrong).toEqual([]);
        expect(seen).toEqual(ends ? [...expected, '|'] : expected);
      }),
      { numRuns: 200 },
    );
  });

  it('gives back every byte behind the last frame that was taken', () => {
    const count = fc.integer({ min: 1, max: expected.length });
    fc.assert(
      fc.property(places, count, fc.boolean(), (where, taken, holdEach) => {
        const connection = new FakeConnection(cutAt(whole, where));
        let release: Release | undefined;
        const seen = recordText(
          connection.pipe(
            create(),
            tap(() => {
              if (holdEach) release = hold();
            }),
            take(taken),
          ),
        );
        do {
          connection.run();
          release?.();
        } while (connection.turn());
        expect(seen).toEqual([...expected.slice(0, taken), '|']);
        expect(connection.left).toEqual(Buffer.concat(input.slice(taken)));
        expect(connection.returned.length).toBeLessThanOrEqual(1);
        expect(connection.subscribedWhenReturned).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('gives back what it has when it is unsubscribed between chunks or while held', () => {
    const moment = fc.nat(expected.length - 1);
    fc.assert(
      fc.property(places, moment, (where, heldAt) => {
        const connection = new FakeConnection(cutAt(whole, where));
        const stop = new Subject<void>();
        let count = 0;
        connection.pipe(create(), takeUntil(stop)).subscribe(() => {
          if (count === heldAt) hold();
          count += 1;
        });
        connection.run();
        expect(count).toBe(heldAt + 1);
        stop.next();
        connection.run();
        expect(connection.left).toEqual(Buffer.concat(input.slice(heldAt + 1)));
        expect(connection.subscribedWhenReturned).toBe(false);
      }),
    );
  });

  it('hands over frame by frame between subscribers', () => {
    const connection = new FakeConnection(cutAt(whole, [1, 4, 9, 10, 30]));
    const one = connection.pipe(create(), take(1));
    const seen = recordText(concat(...expected.map(() => one)));
    connection.run();
    expect(seen).toEqual([...expected, '|']);
    expect(connection.left).toHaveLength(0);
  });

  it('gives nothing back when an operator has changed the chunks', () => {
    const connection = new FakeConnection([whole]);
    recordText(
      connection.pipe(
        map((chunk) => Buffer.from(chunk)),
        create(),
        take(1),
      ),
    );
    connection.run();
    expect(connection.returned).toEqual([]);
  });
});
