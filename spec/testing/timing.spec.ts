import { delay, merge, of } from 'rxjs';
import { sendTo } from 'rxjs-libevent';
import { failureOf } from './support/failureOf';
import { marbles } from './support/marbles';

const both = () => merge(of('a').pipe(delay(2)), of('b').pipe(delay(4)));

describe('what of the time an expectation is about', () => {
  it('is all of it', () => {
    const { message } = failureOf(({ connection, expectOutput, expectClosed }) => {
      const conn = connection('');
      both().pipe(sendTo(conn)).subscribe();
      expectClosed(conn).toBe('');
      expectOutput(conn).toBe('--a--b');
    });
    expect(message).toContain('frame 4 differs');
  });

  it('is up to so many frames, within()', () => {
    const test = (ms: number) => (): void =>
      marbles(({ connection, expectOutput, expectClosed }) => {
        const conn = connection('');
        both().pipe(sendTo(conn)).subscribe();
        expectClosed(conn).toBe('');
        expectOutput(conn).within(ms).toBe('---a--b');
      });
    expect(test(2)).not.toThrow();
    expect(test(1)).toThrow('differs');
    expect(test(-1)).toThrow('ms must be from 0');
  });

  it('is the order, inOrder(), with bytes in whatever pieces', () => {
    const test = (text: string) => (): void =>
      marbles(({ connection, expectOutput, expectClosed }) => {
        const conn = connection('');
        both()
          .pipe(sendTo(conn, { end: true }))
          .subscribe();
        expectClosed(conn).toBe('');
        expectOutput(conn).inOrder().toBe('x|', { x: text });
      });
    expect(test('ab')).not.toThrow();
    expect(test('ba')).toThrow('differs');
  });

  it('is what comes, inAnyOrder()', () => {
    const test = (diagram: string) => (): void =>
      marbles(({ connection, expectOutput, expectClosed }) => {
        const conn = connection('');
        both().pipe(sendTo(conn)).subscribe();
        expectClosed(conn).toBe('');
        expectOutput(conn).inAnyOrder().toBe(diagram);
      });
    expect(test('b-a')).not.toThrow();
    expect(test('b-c')).toThrow('differs');
    expect(test('b')).toThrow('differs');
  });
});

describe('advanceBy', () => {
  it('lets time pass, and everything in it', () => {
    marbles(({ connection, advanceBy, expectOutput, expectClosed }) => {
      const conn = connection('-a--b|');
      conn.pipe(sendTo(conn)).subscribe();
      expectOutput(conn).toBe('-a--b|');
      expectClosed(conn).toBe('-----|');
      expect(conn.bytesRead).toBe(0);
      advanceBy(2);
      expect(conn.bytesRead).toBe(1);
      advanceBy(2);
      expect(conn.bytesRead).toBe(2);
    });
  });

  it('refuses what is no time', () => {
    marbles(({ advanceBy }) => {
      expect(() => advanceBy(-1)).toThrow('advanceBy: ms must be a whole number of ms from 0');
    });
  });
});
