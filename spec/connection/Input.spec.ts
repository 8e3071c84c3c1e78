import fc from 'fast-check';
import { Input } from '../../lib/connection/Input';
import { Intake } from '../../lib/flow/Intake';
import type { Watermarks } from '../../lib/flow/Watermarks';
import { ManualTurns } from '../flow/support/ManualTurns';
import { InputModel, readingTransport } from './support/InputModel';

const marks: Watermarks = { low: 50, high: 100 };

describe('Input', () => {
  const turns = new ManualTurns();
  beforeEach(() => turns.install());
  afterEach(() => {
    turns.remove();
  });

  function setUp(chosen = marks): { log: string[]; input: Input; arrive(bytes: number): void } {
    const log: string[] = [];
    const input = new Input(
      readingTransport({
        read: (on) => log.push(`read ${String(on)}`),
        credit: (bytes) => log.push(`credit ${String(bytes)}`),
        readHigh: (bytes) => log.push(`high ${String(bytes)}`),
      }),
      chosen,
      {
        observer: undefined,
        onHoldsChanged: () => undefined,
        onInputEnded: () => log.push('ended'),
        keepOpen: () => () => undefined,
      },
    );
    const arrive = (bytes: number): void => {
      input.receive(Buffer.alloc(bytes));
    };
    return { log, input, arrive };
  }

  /** A subscriber that only counts. */
  function read(input: Input, onNext?: (bytes: Uint8Array) => void): Intake<Uint8Array> {
    const reader = new Intake<Uint8Array>({
      next: (bytes) => onNext?.(bytes),
      error: () => undefined,
      complete: () => undefined,
    });
    input.subscribe(reader);
    return reader;
  }

  it('reads while it has a subscriber', () => {
    const { log, input } = setUp();
    const readers = [read(input), read(input)];
    for (const reader of readers) reader.unsubscribe();
    read(input);
    expect(log).toEqual(['read true', 'read false', 'read true']);
  });

  it('stops reading at the first hold and reads on in a later turn than the last release', () => {
    const { log, input } = setUp();
    read(input);
    const releases = [input.source.hold('a'), input.source.hold('b')];
    expect(input.source.heldBy).toEqual(['a', 'b']);
    for (const release of releases) release();
    expect(log).toEqual(['read true', 'read false']);
    turns.runAll();
    expect(log).toEqual(['read true', 'read false', 'read true']);
  });

  it('does not read when it is held before the first subscriber comes', () => {
    const { log, input } = setUp();
    const release = input.source.hold('a');
    read(input);
    expect(log).toEqual([]);
    release();
    turns.runAll();
    expect(log).toEqual(['read true']);
  });

  it('does not read after the end', () => {
    const { log, input } = setUp();
    read(input);
    input.end(undefined);
    input.end(undefined);
    input.source.hold('a')();
    turns.runAll();
    read(input);
    expect(log).toEqual(['read true', 'read false', 'ended']);
  });

  it('gives credit in batches of the distance between the marks', () => {
    const { log, input, arrive } = setUp();
    read(input);
    for (let count = 0; count < 12; count += 1) arrive(10);
    expect(log).toEqual(['read true', 'credit 50', 'credit 50']);
  });

  it('gives a stopped reactor its credit at the low mark, not above', () => {
    const { log, input, arrive } = setUp({ low: 20, high: 100 });
    arrive(79);
    arrive(1);
    const release = input.source.hold('spec');
    let got = 0;
    const reader = read(input, (bytes) => {
      got += bytes.length;
      if (got === 79) input.source.hold('in between');
    });
    release();
    turns.runAll();
    expect([got, log.filter((line) => line.startsWith('credit'))]).toEqual([79, []]);
    reader.unsubscribe();
  });

  it('gives no credit for bytes that came back until they are emitted again', () => {
    const { log, input, arrive } = setUp();
    const reader = read(input);
    arrive(60);
    reader.unsubscribe();
    expect(input.unread(Buffer.alloc(20))).toBe(true);
    arrive(40);
    expect(input.waitingBytes).toBe(60);
    read(input);
    turns.runAll();
    const credits = log.filter((line) => line.startsWith('credit'));
    expect([input.waitingBytes, credits]).toEqual([0, ['credit 60']]);
  });

  it('gives what the lower marks ask for when they change', () => {
    const { log, input, arrive } = setUp();
    read(input);
    arrive(40);
    input.marks = { low: 10, high: 40 };
    expect(log).toEqual(['read true', 'high 40', 'credit 40']);
    expect(input.marks).toEqual({ low: 10, high: 40 });
  });

  it('has a way back for the chunk that is being emitted, and for no other', () => {
    const { input, arrive } = setUp();
    const ways: unknown[] = [];
    read(input, (bytes) => {
      ways.push(typeof input.giveBackOf(bytes), input.giveBackOf(Buffer.from(bytes)));
    });
    arrive(1);
    expect(ways).toEqual(['function', undefined]);
  });
});

describe('Input under random operations', () => {
  const markPair = (most: number): fc.Arbitrary<{ low: number; high: number }> =>
    fc
      .tuple(fc.nat(most), fc.integer({ min: 1, max: most }))
      .map(([low, high]) => ({ low: Math.min(low, high), high }));
  const long = { maxLength: 150, size: 'max' } as const;
  const anyMarks = markPair(60);
  const withModel = (chosen: Watermarks, run: (model: InputModel) => void): void => {
    const model = new InputModel(chosen);
    try {
      run(model);
    } finally {
      model.dispose();
    }
  };

  const operation: fc.Arbitrary<(model: InputModel) => void> = fc.oneof(
    fc.nat(80).map((bytes) => (model: InputModel) => {
      model.peerSends(bytes);
    }),
    fc.nat(4).map((count) => (model: InputModel) => {
      model.reactorObeys(count);
    }),
    fc.nat(4).map((count) => (model: InputModel) => {
      model.drainRing(count);
    }),
    fc.constantFrom('a', 'b').map((cause) => (model: InputModel) => {
      model.hold(cause);
    }),
    fc.tuple(fc.nat(9), fc.boolean()).map(([index, twice]) => (model: InputModel) => {
      model.release(index, twice);
    }),
    fc.constant((model: InputModel) => {
      model.subscribe();
    }),
    fc.constant((model: InputModel) => {
      model.unsubscribe();
    }),
    fc.nat(30).map((bytes) => (model: InputModel) => {
      model.unread(bytes);
    }),
    fc.constant((model: InputModel) => {
      model.turns.runOne();
    }),
  );
  const changeOfMarks = anyMarks.map((chosen) => (model: InputModel) => {
    model.setMarks(chosen);
  });
  const end = fc.constant((model: InputModel) => {
    model.end();
  });

  it('keeps every rule while marks stay, and lets bytes flow once everybody releases', () => {
    const run = fc.array(fc.tuple(operation, fc.option(operation, { freq: 3 })), long);
    fc.assert(
      fc.property(anyMarks, run, (chosen, operations) => {
        withModel(chosen, (model) => {
          for (const [now, inNext] of operations) {
            if (inNext) model.atNext.push(inNext);
            now(model);
            model.check();
            if (model.inFlight > chosen.high) throw new Error('More than high in flight');
          }
          model.checkLiveness();
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps every rule while marks change', () => {
    const changing = fc.oneof({ weight: 8, arbitrary: operation }, changeOfMarks);
    fc.assert(
      fc.property(anyMarks, fc.array(changing, long), (chosen, operations) => {
        withModel(chosen, (model) => {
          for (const one of operations) {
            one(model);
            model.check();
          }
          model.checkLiveness();
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps every rule when the peer ends, and emits what has arrived', () => {
    const ending = fc.oneof({ weight: 20, arbitrary: operation }, end);
    fc.assert(
      fc.property(anyMarks, fc.array(ending, long), (chosen, operations) => {
        withModel(chosen, (model) => {
          for (const one of operations) {
            one(model);
            model.check();
          }
          model.end();
          model.subscribe();
          while (model.holds.length > 0) model.release(0, true);
          model.turns.runAll();
          model.check();
          expect(model.input.waitingBytes).toBe(0);
        });
      }),
      { numRuns: 1000 },
    );
  });
});
