import fc from 'fast-check';
import { Queue } from '../../lib/flow/Queue';

describe('Queue', () => {
  it('agrees with an array, whatever comes', () => {
    const operation = fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 1, max: 9 }) },
      { weight: 5, arbitrary: fc.integer({ min: -9, max: -1 }) },
      { weight: 1, arbitrary: fc.constant(0) },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 100, size: 'max' }), (operations) => {
        const queue = new Queue<number>();
        const model: number[] = [];
        let next = 0;
        for (const count of operations) {
          for (let left = count; left > 0; left -= 1) {
            model.push(next);
            queue.push(next++);
          }
          for (let left = count; left < 0; left += 1) expect(queue.shift()).toBe(model.shift());
          if (count === 0) expect(queue.clear()).toEqual(model.splice(0));
          expect(queue.length).toBe(model.length);
        }
      }),
    );
  });
});
