import { ignoreElements, merge, of } from 'rxjs';
import { LibeventError, sendTo, serve } from 'rxjs-libevent';
import { failureOf } from './support/failureOf';
import { marbles } from './support/marbles';
import { messageOf } from './support/messageOf';

describe('a file of a test', () => {
  it('is sent, with what is written behind it in its place', () => {
    marbles(({ connection, file, expectFile, expectObservable, expectOutput, expectWritten }) => {
      const index = file('/srv/index.html', 'hello', { opensAfterMs: 3 });
      const conn = connection('9ms |');
      const sent = conn.sendFile('/srv/index.html', { start: 1 });
      expectObservable(merge(sent, of('!').pipe(sendTo(conn, { end: true })))).toBe('---(n|)', {
        n: 4,
      });
      expectWritten(conn).toBe('---a', { a: 'ello!' });
      expectOutput(conn).toBe('---(a|)', { a: 'ello!' });
      expectFile(index).toBe('---(^!)');
    });
  });

  it('goes as its peer takes it, and is open until then', () => {
    marbles(({ connection, file, expectFile, expectOutput, expectSaturation }) => {
      const index = file('index', 'abcdef');
      const conn = connection('8ms |', {}, { takes: '-2--4', write: { high: 4, low: 2 } });
      conn.sendFile('index').subscribe({
        complete: () => {
          conn.complete();
        },
      });
      expectOutput(conn).toBe('-a--(b|)', { a: 'ab', b: 'cdef' });
      expectSaturation(conn).toBe('^---!');
      expectFile(index).toBe('^---!');
    });
  });

  it('is read where it says no size, and where its connection is secured', () => {
    marbles(({ connection, file, expectOutput }) => {
      file('/proc/version', 'Linux', { sizeBytes: 0 });
      const plain = connection('|');
      plain.sendFile('/proc/version').subscribe({
        complete: () => {
          plain.complete();
        },
      });
      expectOutput(plain).toBe('(a|)', { a: 'Linux' });
      const secured = connection('|', {}, { tls: {} });
      secured.sendFile('/proc/version', { end: 2 }).subscribe({
        complete: () => {
          secured.complete();
        },
      });
      expectOutput(secured).toBe('(a|)', { a: 'Lin' });
    });
  });

  it.each([
    ['plain', {}],
    ['secured', { tls: {} }],
  ])('resets its connection where it has become shorter: %s', (_name, config) => {
    marbles(({ connection, file, expectClosed, expectFile, expectOutput, expectObservable }) => {
      const short = file('short', 'abc', { sizeBytes: 5 });
      const conn = connection('', {}, config);
      const eio = new LibeventError('EIO', 'sendfile');
      expectObservable(conn.sendFile('short').pipe(ignoreElements())).toBe('#', {}, eio);
      expectOutput(conn).toBe('(a#)', { a: 'abc' });
      expectClosed(conn).toBe('R');
      expectFile(short).toBe('(^!)');
    });
  });

  it('fails to be opened as it says, and where there is none; the connection goes on', () => {
    marbles(({ connection, file, expectFile, expectObservable, expectOutput }) => {
      const secret = file('secret', new LibeventError('EACCES', 'open'));
      const conn = connection('-|');
      expectObservable(conn.sendFile('secret')).toBe('#', {}, new LibeventError('EACCES', 'open'));
      conn.subscribe({
        complete: () => {
          conn.next('after');
          conn.complete();
        },
      });
      expectFile(secret).toBe('#');
      expectOutput(conn).toBe('-(a|)', { a: 'after' });
    });
    const message = messageOf(({ connection }) => {
      const conn = connection('|');
      of(conn)
        .pipe(serve((it) => it.sendFile('/etc/pasword')))
        .subscribe();
    });
    expect(message).toContain('open ENOENT');
    expect(message).toContain('/etc/pasword');
    expect(message).toContain('no file() of this test has this path');
  });

  it('stops between its slices where its connection is destroyed', () => {
    marbles(({ connection, at, file, expectClosed, expectFile, expectObservable }) => {
      const index = file('index', 'abcdef');
      const conn = connection('', {}, { takes: '-2' });
      at('--d', {
        d: () => {
          conn.destroy();
        },
      });
      expectObservable(conn.sendFile('index')).toBe(
        '--#',
        {},
        expect.objectContaining({ code: 'ECANCELED' }),
      );
      expectClosed(conn).toBe('--R');
      expectFile(index).toBe('^-!');
    });
  });

  it('fails the test where nobody sends it, or not all of it, at its line', () => {
    const never = failureOf(({ file }) => {
      file('index', 'abc');
    });
    expect(never.message).toBe("file 'index' was never opened: nobody sends it, or expectFile()");
    expect(never.stack).toContain('files.spec.ts');
    const open = messageOf(({ connection, file, expectUnsent }) => {
      file('index', 'abc');
      const conn = connection('', {}, { takes: '1' });
      conn.sendFile('index').subscribe();
      expectUnsent(conn).toBe('bc');
    });
    expect(open).toBe(
      "file 'index' is open when the test ends: not all of it was sent, or expectFile()",
    );
    marbles(({ file, expectFile }) => {
      expectFile(file('index', 'abc')).toBe('');
    });
  });

  it('refuses what is none', () => {
    expect(messageOf(({ file }) => file('', 'a'))).toBe('file: path must not be empty');
    expect(messageOf(({ file }) => file(5 as never, 'a'))).toBe(
      'file: path must be a string, got 5',
    );
    expect(messageOf(({ file }) => file('a', 5 as never))).toBe(
      "file('a'): content must be a string or a Uint8Array, got number",
    );
    expect(messageOf(({ file }) => file('a', '', { size: 5 } as never))).toContain(
      "file('a'): config has an unknown option 'size'",
    );
    expect(messageOf(({ file }) => file('a', '', { sizeBytes: -1 }))).toContain(
      'sizeBytes must be',
    );
    expect(
      messageOf(({ file }) => {
        file('a', '');
        file('a', '');
      }),
    ).toBe("file: there is a 'a' already, a path is for one");
    expect(messageOf(({ expectFile }) => expectFile('a' as never))).toBe(
      "expectFile: takes a file that this test's helpers have made, got string",
    );
  });
});
