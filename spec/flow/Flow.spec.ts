import fc from 'fast-check';
import { Flow, type FlowMarks } from '../../lib/flow/Flow';
import { FlowModel } from './support/FlowModel';
import { ManualTurns } from './support/ManualTurns';

const marks: FlowMarks = { read: { low: 50, high: 100 }, write: { low: 5, high: 10 } };

function setUp(chosen = marks): { turns: ManualTurns; log: string[]; flow: Flow } {
  const turns = new ManualTurns();
  const log: string[] = [];
  const flow = new Flow(
    {
      read: (on) => log.push(`read ${String(on)}`),
      credit: (bytes) => log.push(`credit ${String(bytes)}`),
      saturated: () => log.push('saturated'),
      drained: () => log.push('drained'),
      resume: () => log.push('resume'),
      defer: turns.schedule,
    },
    chosen,
  );
  return { turns, log, flow };
}

describe('Flow', () => {
  it('reads while it has a subscriber', () => {
    const { log, flow } = setUp();
    expect(flow.emitting).toBe(false);
    flow.subscribe();
    flow.subscribe();
    flow.unsubscribe();
    expect(flow.emitting).toBe(true);
    flow.unsubscribe();
    expect(flow.emitting).toBe(false);
    flow.subscribe();
    expect(log).toEqual(['read true', 'read false', 'read true']);
  });

  it('stops reading at the first hold and reads on in a later turn than the last release', () => {
    const { turns, log, flow } = setUp();
    flow.subscribe();
    const releases = [flow.hold('a'), flow.hold('b')];
    expect(flow.source.heldBy).toEqual(['a', 'b']);
    for (const release of releases) release();
    expect(flow.emitting).toBe(false);
    expect(log).toEqual(['read true', 'read false']);
    turns.runAll();
    expect(log).toEqual(['read true', 'read false', 'read true', 'resume']);
    expect(flow.emitting).toBe(true);
  });

  it('does not read when it is held before the first subscriber comes', () => {
    const { turns, log, flow } = setUp();
    const release = flow.hold('a');
    flow.subscribe();
    expect(log).toEqual([]);
    release();
    turns.runAll();
    expect(log).toEqual(['read true', 'resume']);
  });

  it('does not read after the end', () => {
    const { turns, log, flow } = setUp();
    flow.subscribe();
    flow.end();
    flow.end();
    flow.hold('a')();
    turns.runAll();
    flow.unsubscribe();
    flow.subscribe();
    expect(log).toEqual(['read true', 'read false', 'resume']);
  });

  it('gives credit in batches of the distance between the marks', () => {
    const { log, flow } = setUp();
    for (let count = 0; count < 12; count += 1) {
      flow.arrived(10);
      flow.emitted(10);
    }
    expect(log).toEqual(['credit 50', 'credit 50']);
  });

  it('gives a stopped reactor its credit at the low mark, not above', () => {
    const { log, flow } = setUp({ ...marks, read: { low: 20, high: 100 } });
    flow.arrived(100);
    flow.emitted(79);
    expect(log).toEqual([]);
    flow.emitted(1);
    expect(log).toEqual(['credit 80']);
  });

  it('gives no credit for bytes that came back until they are emitted again', () => {
    const { log, flow } = setUp();
    flow.arrived(100);
    flow.emitted(60);
    flow.returned(20);
    expect(flow.waitingBytes).toBe(60);
    flow.emitted(20);
    expect(log).toEqual(['credit 60']);
    flow.emitted(40);
    flow.arrived(10);
    flow.emitted(10);
    expect(log).toEqual(['credit 60', 'credit 50']);
  });

  it('gives what the lower marks ask for when they change', () => {
    const { log, flow } = setUp();
    flow.arrived(40);
    flow.emitted(40);
    expect(log).toEqual([]);
    flow.setMarks({ ...marks, read: { low: 10, high: 40 } }, 0);
    expect(log).toEqual(['credit 40']);
    expect(flow.marks.read).toEqual({ low: 10, high: 40 });
  });

  it('is saturated above the high mark and drained at the low one, in turn', () => {
    const { log, flow } = setUp();
    for (const bytes of [10, 11, 12, 6, 5, 0, 11]) flow.output(bytes);
    expect(log).toEqual(['saturated', 'drained', 'saturated']);
    expect(flow.saturated).toBe(true);
  });

  it('looks at the output again when marks change', () => {
    const { log, flow } = setUp();
    flow.output(9);
    flow.setMarks({ ...marks, write: { low: 4, high: 8 } }, 9);
    flow.setMarks({ ...marks, write: { low: 9, high: 20 } }, 9);
    expect(log).toEqual(['saturated', 'drained']);
    expect(flow.marks.write).toEqual({ low: 9, high: 20 });
  });

  it('alternates when drained itself makes more output', () => {
    const turns = new ManualTurns();
    const log: string[] = [];
    const flow: Flow = new Flow(
      {
        read: () => undefined,
        credit: () => undefined,
        saturated: () => log.push('saturated'),
        drained: () => {
          log.push('drained');
          if (log.length < 4) flow.output(11);
        },
        resume: () => undefined,
        defer: turns.schedule,
      },
      marks,
    );
    flow.output(11);
    flow.output(0);
    expect(log).toEqual(['saturated', 'drained', 'saturated']);
    expect(flow.saturated).toBe(true);
  });

  it('offers the way back of its owner', () => {
    const back = jest.fn();
    const nothing = (): void => undefined;
    const effects = {
      ...{ read: nothing, credit: nothing, saturated: nothing, drained: nothing },
      ...{ resume: nothing, defer: nothing, giveBackOf: () => back },
    };
    expect(new Flow(effects, marks).source.giveBackOf('a')).toBe(back);
    expect(setUp().flow.source.giveBackOf('a')).toBeUndefined();
  });
});

describe('Flow under random operations', () => {
  const markPair = (most: number): fc.Arbitrary<{ low: number; high: number }> =>
    fc
      .tuple(fc.nat(most), fc.integer({ min: 1, max: most }))
      .map(([low, high]) => ({ low: Math.min(low, high), high }));
  const long = { maxLength: 150, size: 'max' } as const;
  const anyMarks = fc.record({ read: markPair(60), write: markPair(40) });

  const operation: fc.Arbitrary<(model: FlowModel) => void> = fc.oneof(
    fc.nat(80).map((bytes) => (model: FlowModel) => {
      model.peerSends(bytes);
    }),
    fc.nat(4).map((count) => (model: FlowModel) => {
      model.reactorObeys(count);
    }),
    fc.nat(4).map((count) => (model: FlowModel) => {
      model.drainRing(count);
    }),
    fc.constantFrom('a', 'b').map((cause) => (model: FlowModel) => {
      model.hold(cause);
    }),
    fc.tuple(fc.nat(9), fc.boolean()).map(([index, twice]) => (model: FlowModel) => {
      model.release(index, twice);
    }),
    fc.nat(60).map((bytes) => (model: FlowModel) => {
      model.output(bytes);
    }),
    fc.constant((model: FlowModel) => {
      model.subscribe();
    }),
    fc.constant((model: FlowModel) => {
      model.unsubscribe();
    }),
    fc.nat(30).map((bytes) => (model: FlowModel) => {
      model.unread(bytes);
    }),
    fc.constant((model: FlowModel) => {
      model.turns.runOne();
    }),
  );
  const changeOfMarks = anyMarks.map((chosen) => (model: FlowModel) => {
    model.setMarks(chosen);
  });
  const end = fc.constant((model: FlowModel) => {
    model.end();
  });

  it('keeps every rule while marks stay, and lets bytes flow once everybody lets go', () => {
    const run = fc.array(fc.tuple(operation, fc.option(operation, { freq: 3 })), long);
    fc.assert(
      fc.property(anyMarks, run, (chosen, operations) => {
        const model = new FlowModel(chosen);
        for (const [now, inNext] of operations) {
          if (inNext) model.atNext.push(inNext);
          now(model);
          model.check();
          if (model.inFlight > chosen.read.high) throw new Error('More than high in flight');
        }
        model.checkLiveness();
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps every rule while marks change', () => {
    const changing = fc.oneof({ weight: 8, arbitrary: operation }, changeOfMarks);
    fc.assert(
      fc.property(anyMarks, fc.array(changing, long), (chosen, operations) => {
        const model = new FlowModel(chosen);
        for (const one of operations) {
          one(model);
          model.check();
        }
        model.checkLiveness();
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps every rule when the peer ends, and emits what has arrived', () => {
    const ending = fc.oneof({ weight: 20, arbitrary: operation }, end);
    fc.assert(
      fc.property(anyMarks, fc.array(ending, long), (chosen, operations) => {
        const model = new FlowModel(chosen);
        for (const one of operations) {
          one(model);
          model.check();
        }
        model.end();
        model.subscribe();
        while (model.holds.length > 0) model.release(0, true);
        model.drainRing(Infinity);
        model.turns.runAll();
        model.check();
        expect(model.flow.waitingBytes).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });
});
