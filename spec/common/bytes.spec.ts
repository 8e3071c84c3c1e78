import { deepStrictEqual } from 'node:assert';
import { viewOn } from '../../lib/common/bytes';

describe('viewOn', () => {
  const memory = new Uint8Array([1, 2, 3, 4, 5]).buffer;

  it('is a Buffer like any other', () => {
    const view = viewOn(memory, 1, 3);
    deepStrictEqual(view, Buffer.from([2, 3, 4]));
    expect(Object.getPrototypeOf(view)).toBe(Buffer.prototype);
    expect(Buffer.isBuffer(view.subarray(1))).toBe(true);
  });

  it('copies nothing', () => {
    viewOn(memory, 4, 1)[0] = 9;
    expect(new Uint8Array(memory)[4]).toBe(9);
  });

  it('may be empty, at the end too', () => {
    expect(viewOn(memory, 5, 0)).toHaveLength(0);
  });
});
