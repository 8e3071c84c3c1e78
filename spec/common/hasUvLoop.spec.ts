import { hasUvLoop } from '../../lib/common/hasUvLoop';

describe('hasUvLoop', () => {
  it('is so in Node and Electron', () => {
    expect(hasUvLoop()).toBe(true);
    expect(hasUvLoop({ node: '22.0.0', electron: '34.0.0' })).toBe(true);
  });

  it('is not so in Bun and Deno, which say that they are Node, too', () => {
    expect(hasUvLoop({ node: '24.3.0', bun: '1.4.5' })).toBe(false);
    expect(hasUvLoop({ node: '24.3.0', deno: '2.9.6' })).toBe(false);
  });
});
