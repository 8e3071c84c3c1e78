import { EMPTY, type Observable, interval, merge, of, retry, take, tap } from 'rxjs';
import { type Connection, lines, sendTo, serve } from 'rxjs-libevent';
import {
  SimulationError,
  type SimulationHelpers,
  type SimulatedSystem,
  simulate,
} from 'rxjs-libevent/testing';
import { upgrades } from '../../../samples/simulations/upgrades';

const PORT = 7;
const calm = { delay: 0, split: 0, join: 0, stall: 0, reset: 0, halfOpen: 0, partition: 0 };
const none = { ...calm, dropListener: 0, exhaust: 0 };

/** The error of a simulation that finds something. */
function failureOf(run: () => unknown): SimulationError {
  try {
    run();
  } catch (error) {
    if (error instanceof SimulationError) return error;
    throw error;
  }
  throw new Error('nothing was found');
}

/** A server that adds up, and a client that comes again with the same number when it has heard nothing. */
function sum({ machine, always, atEnd }: SimulationHelpers): void {
  const server = machine('server');
  let total = 0;
  const add = (conn: Connection): Observable<unknown> =>
    conn.pipe(
      lines(),
      tap((line) => {
        total += Number(line);
      }),
      sendTo(conn),
    );
  server
    .listen({ port: PORT })
    .pipe(serve(add), retry({ delay: () => server.timer(10) }))
    .subscribe();
  const client = machine('client');
  client
    .connect({ host: 'server', port: PORT, idleTimeoutMs: 1000 }, (conn) =>
      merge(of('5\n').pipe(sendTo(conn)), conn.pipe(take(1))).pipe(take(1)),
    )
    .pipe(retry({ delay: () => client.timer(10) }))
    .subscribe();
  always('5 is added once', () => total <= 5);
  atEnd('5 has been added', () => total >= 5);
}

describe('simulate', () => {
  it('does the same again with the same seeds, and something else with others', () => {
    const reports = [1, 1, 2].map((seed) => simulate({ seed, seeds: 20 }, upgrades));
    expect(reports[1]).toEqual(reports[0]);
    expect(reports[2]!.digest).not.toBe(reports[0]!.digest);
  });

  it('finds what a client does that comes again, and makes it small', () => {
    const run = () => simulate({ seed: 1, seeds: 1000 }, sum);
    const error = failureOf(run);
    expect(error.message).toContain("always('5 is added once') does not hold");
    expect(error.message).toContain(`seed 0x${error.seed.toString(16)}, the `);
    expect(error.faults).toHaveLength(1);
    expect(error.message).toContain(error.faults[0]);
    expect(error.message).toMatch(/client #1 to server {2}-.*a/);
    expect(error.message).toContain('a  "5\\n"');
    // It is the same, word for word, however often it is found.
    expect(failureOf(run).message).toBe(error.message);
    const { seed } = error;
    expect(failureOf(() => simulate({ seed }, sum)).faults).toEqual(error.faults);
  });

  it('says what was never reached', () => {
    const system: SimulatedSystem = ({ sometimes }) => {
      sometimes('a place');
      sometimes('a state', () => false);
    };
    expect(() => simulate({ seed: 1, seeds: 3 }, system)).toThrow(
      "sometimes('a place'), sometimes('a state') was never reached, with 3 seeds from 0x1 on",
    );
  });

  it('counts in how many runs a place was reached', () => {
    const report = simulate({ seed: 1, seeds: 50 }, ({ sometimes, reached, draw, now }) => {
      sometimes('one');
      sometimes('at once', () => now() === 0);
      if (draw('side', 0, 1) === 1) reached('one');
    });
    expect(report.reached['at once']).toBe(50);
    expect(report.reached['one']).toBeGreaterThan(10);
    expect(report.reached['one']).toBeLessThan(40);
  });

  it('draws Math.random of the seed while a run lasts', () => {
    const { random } = Math;
    const seen: number[][] = [];
    const system: SimulatedSystem = ({ atEnd }) => {
      atEnd('anything', () => true);
      seen.push([Math.random(), Math.random()]);
    };
    for (const seed of [1, 1, 2]) simulate({ seed }, system);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).not.toEqual(seen[0]);
    expect(Math.random).toBe(random);
  });

  describe('bad input', () => {
    const nothing = (): void => undefined;

    it.each([
      [undefined, TypeError, 'seed must be a bigint, a whole number or hexadecimal digits'],
      [{}, TypeError, 'got object'],
      ['0xg', TypeError, "seed must have 1 to 16 hexadecimal digits, got '0xg'"],
      ['', TypeError, "got ''"],
      ['0x10000000000000000', TypeError, '1 to 16 hexadecimal digits'],
      [1.5, RangeError, 'seed must be a whole number of 64 bits, got 1.5'],
      [-1n, RangeError, 'got -1'],
      [2n ** 64n, RangeError, 'got 18446744073709551616'],
    ])('refuses %p as a seed', (seed, kind, message) => {
      const run = () => simulate({ seed: seed as never }, nothing);
      expect(run).toThrow(kind);
      expect(run).toThrow(message);
    });

    it.each([2n ** 64n - 1n, 0, 'ffffffffffffffff', '0X1F'])('takes %p as a seed', (seed) => {
      const system: SimulatedSystem = ({ atEnd }) => {
        atEnd('anything', () => true);
      };
      expect(simulate({ seed, seeds: 2 }, system).seeds).toBe(2);
    });

    it('refuses a probability beyond 1, and an option that it does not know', () => {
      expect(() => simulate({ seed: 1, faults: { reset: 1.5 } }, nothing)).toThrow(
        new RangeError('faults.reset must be from 0 to 1 (a probability), got 1.5'),
      );
      expect(() => simulate({ seed: 1, faults: { resets: 1 } as never }, nothing)).toThrow(
        "faults has an unknown option 'resets', did you mean 'reset'?",
      );
      expect(() => simulate({ seed: 1, sees: 2 } as never, nothing)).toThrow("'sees'");
    });

    it('refuses what is no system, and a system that is a promise', () => {
      expect(() => simulate({ seed: 1 }, 5 as never)).toThrow('system must be a function');
      expect(() => simulate({ seed: 1 }, () => Promise.resolve())).toThrow(
        'must not return a promise',
      );
    });

    it('says which condition has thrown', () => {
      const reason = new Error('a bug');
      const error = failureOf(() =>
        simulate({ seed: 1 }, ({ always }) => {
          always('a rule', () => {
            throw reason;
          });
        }),
      );
      expect(error.message).toContain("always('a rule') has thrown: Error: a bug");
      expect(error.cause).toBe(reason);
    });

    it('says which condition is none', () => {
      const system: SimulatedSystem = ({ atEnd }) => {
        atEnd('a rule', () => 1 as never);
      };
      expect(() => simulate({ seed: 1 }, system)).toThrow(
        "atEnd('a rule') must return true or false: got number",
      );
    });

    it('refuses a name twice, and one that nobody has stated', () => {
      const twice: SimulatedSystem = ({ always }) => {
        always('a', () => true);
        always('a', () => true);
      };
      expect(() => simulate({ seed: 1 }, twice)).toThrow("always: there is a 'a' already");
      expect(() => simulate({ seed: 1 }, ({ reached }) => reached('b'))).toThrow(
        "reached: 'b' is no name that sometimes() has been given alone",
      );
      expect(() => simulate({ seed: 1 }, ({ machine }) => void machine('base'))).toThrow(
        "machine: there is a 'base' already",
      );
    });

    it('ends a system that never comes to rest', () => {
      const ticks: SimulatedSystem = ({ atEnd }) => {
        atEnd('anything', () => true);
        interval(10).subscribe();
      };
      expect(() => simulate({ seed: 1, limitMs: 1000 }, ticks)).toThrow(
        'a system comes to rest: 100 steps have been done and it is 1000 ms; unsubscribe from what repeats, or give durationMs',
      );
      expect(() => simulate({ seed: 1, maxSteps: 50 }, ticks)).toThrow('50 steps have been done');
      expect(simulate({ seed: 1, durationMs: 1000 }, ticks).steps).toBe(101);
    });

    it('says that a promise was made', () => {
      const error = failureOf(() =>
        simulate({ seed: 1 }, ({ atEnd }) => {
          let done = false;
          void Promise.resolve().then(() => {
            done = true;
          });
          atEnd('it is done', () => done);
        }),
      );
      expect(error.message).toContain('no promise settles in virtual time');
    });

    it('says that a system does not do the same again', () => {
      let runs = 0;
      const error = failureOf(() =>
        simulate({ seed: 1 }, ({ always }) => {
          runs += 1;
          const run = runs;
          always('a rule', () => run > 1);
        }),
      );
      expect(error.message).toContain('it does not fail again in the same way');
    });
  });

  describe('what fails without being stated', () => {
    it('finds an error that nobody has handled', () => {
      const error = failureOf(() =>
        simulate({ seed: 1, faults: none }, ({ base }) => {
          base.connect({ port: PORT }).subscribe();
        }),
      );
      expect(error.message).toContain('an error that nobody has handled');
      expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
    });

    it('finds a session that fails by itself', () => {
      const error = failureOf(() =>
        simulate({ seed: 1, faults: none }, ({ base }) => {
          base
            .listen({ port: PORT })
            .pipe(
              serve(() => {
                throw new TypeError('a bug');
              }),
            )
            .subscribe();
          base.connect({ port: PORT }, () => EMPTY).subscribe({ error: () => undefined });
        }),
      );
      expect(error.message).toContain('a session fails by the network alone: base #1 at base');
      expect(error.cause).toEqual(new TypeError('a bug'));
    });
  });
});
