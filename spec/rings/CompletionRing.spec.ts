import * as fc from 'fast-check';
import { native } from '../../lib/native';
import { CompletionRing } from '../../lib/rings/CompletionRing';

const { control: words } = native.layout;

/** The reactor's part, after native/ring.h: writes where there is room, and shows what is written. */
class Producer {
  tail = 0;

  constructor(
    private readonly control: Int32Array,
    private readonly records: Int32Array,
  ) {}

  get free(): number {
    const head = Atomics.load(this.control, words.completionHead);
    return this.records.length / 4 - ((this.tail - head) | 0);
  }

  write(value: number): void {
    const at = (this.tail & (this.records.length / 4 - 1)) * 4;
    this.records.set([value, ~value, value * 3, value * 7], at);
    this.tail = (this.tail + 1) | 0;
  }

  publish(): boolean {
    Atomics.store(this.control, words.completionTail, this.tail);
    return Atomics.exchange(this.control, words.jsSleeps, 0) === 1;
  }
}

function pair(capacity: number, start = 0): { ring: CompletionRing; producer: Producer } {
  const control = new Int32Array(words.controlWords);
  const records = new Int32Array(capacity * 4);
  control[words.completionTail] = start;
  control[words.completionHead] = start;
  const ring = new CompletionRing(control, records);
  Object.assign(ring, { head: start, published: start });
  const producer = new Producer(control, records);
  producer.tail = start;
  return { ring, producer };
}

describe('CompletionRing', () => {
  it('has nothing at first, and may sleep', () => {
    const { ring, producer } = pair(4);
    expect(ring.available()).toBe(0);
    expect(ring.sleep()).toBe(true);
    producer.write(1);
    expect(producer.publish()).toBe(true);
    expect(producer.publish()).toBe(false);
  });

  it('may not sleep on what has come', () => {
    const { ring, producer } = pair(4);
    producer.write(1);
    producer.publish();
    expect(ring.sleep()).toBe(false);
    // So nobody has to be woken.
    producer.write(2);
    expect(producer.publish()).toBe(false);
    expect(ring.available()).toBe(2);
  });

  it('gives places back only when asked to', () => {
    const { ring, producer } = pair(4);
    for (let value = 0; value < 4; value += 1) producer.write(value);
    producer.publish();
    expect(producer.free).toBe(0);
    ring.next();
    ring.next();
    expect(producer.free).toBe(0);
    ring.free();
    expect(producer.free).toBe(2);
  });

  it.each([0, 0x7fffffff - 20, -20])(
    'loses nothing, keeps order and misses no wake-up, from index %p on',
    (start) => {
      const step = fc.record({
        what: fc.constantFrom('write', 'publish', 'take', 'free', 'sleep'),
        count: fc.integer({ min: 1, max: 10 }),
      });
      fc.assert(
        fc.property(
          fc.constantFrom(1, 2, 8, 32),
          fc.array(step, { maxLength: 200 }),
          (capacity, steps) => {
            const { ring, producer } = pair(capacity, start);
            let written = 0;
            let shown = 0;
            let taken = 0;
            let asleep = false;
            const take = (): void => {
              ring.next();
              const { kind, aux, id, a, b } = ring;
              expect([kind | (aux << 8), id, a, b]).toEqual([taken, ~taken, taken * 3, taken * 7]);
              taken += 1;
            };
            for (const { what, count } of steps) {
              if (what === 'write') {
                for (let left = Math.min(count, producer.free); left > 0; left -= 1) {
                  producer.write(written);
                  written += 1;
                }
              } else if (what === 'publish') {
                const signalled = producer.publish();
                expect(signalled).toBe(asleep);
                shown = written;
                asleep = false;
              } else if (what === 'take') {
                expect(ring.available()).toBe(shown - taken);
                if (asleep) expect(shown - taken).toBe(0);
                for (let left = Math.min(count, ring.available()); left > 0; left -= 1) take();
              } else if (what === 'free') {
                ring.free();
              } else {
                asleep = ring.sleep();
                expect(asleep).toBe(shown === taken);
              }
            }
            producer.publish();
            while (ring.available() > 0) take();
            expect(taken).toBe(written);
          },
        ),
        { numRuns: 300 },
      );
    },
  );
});
