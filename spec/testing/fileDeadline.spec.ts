import { marbles } from './support/marbles';

describe('the deadline of close(), while a file is being sent', () => {
  it('T9: cuts the connection when nothing of the file is sent for as long, in virtual time', () => {
    marbles(({ connection, file, expectClosed, expectFile, expectOutput }) => {
      const index = file('index', 'abcdef');
      const conn = connection('100ms |', {}, { takes: '-2--2!' });
      conn.sendFile('index').subscribe({ error: () => undefined });
      conn.close(10);
      expectOutput(conn).toBe('-a--b 15ms #', { a: 'ab', b: 'cd' });
      expectFile(index).toBe('^ 19ms !');
      expectClosed(conn).toBe('20ms R');
    });
  });
});
