import { once } from 'node:events';
import { connect } from 'node:net';
import { firstValueFrom, tap } from 'rxjs';
import { type Connection, EventBase, hold, lines, sendTo } from 'rxjs-libevent';
import { recordMarbles } from 'rxjs-libevent/testing';
import { replay } from './support/replay';

describe('recordMarbles', () => {
  let base: EventBase;
  beforeEach(() => {
    base = new EventBase();
  });
  afterEach(() => base.close());

  async function session(
    talk: (socket: ReturnType<typeof connect>) => Promise<void>,
    pipeline: (conn: Connection) => void,
  ): Promise<string> {
    const listener = base.listen({ host: '127.0.0.1' });
    const accepted = firstValueFrom(
      listener.pipe(
        tap((conn) => {
          recording = recordMarbles(conn);
          pipeline(conn);
        }),
      ),
    );
    let recording: ReturnType<typeof recordMarbles> | undefined;
    const { port } = await firstValueFrom(listener.bound);
    const socket = connect(port, '127.0.0.1');
    const [conn] = await Promise.all([accepted, once(socket, 'connect')]);
    const closed = firstValueFrom(conn.whenClosed);
    await talk(socket);
    await closed;
    return String(recording);
  }

  it('gives a session as a test that passes', async () => {
    const shout = (conn: Connection): void => {
      conn
        .pipe(
          lines(),
          tap((line) => {
            conn.next(`${line.toUpperCase()}!\n`);
          }),
        )
        .subscribe({
          complete: () => {
            conn.complete();
          },
        });
    };
    const text = await session(async (socket) => {
      for (const line of ["it's\n", 'a "session"\n']) {
        socket.write(line);
        await once(socket, 'data');
      }
      socket.end();
    }, shout);
    expect(text).toContain(`a: 'it\\'s\\n',`);
    expect(text).toContain('expectWritten(conn).inOrder().toBe(');
    expect(text).not.toContain('expectDemand');
    replay(text, shout);
  });

  it('gives bytes that are no text in hexadecimal, and the code of an error', async () => {
    const text = await session(
      (socket) =>
        new Promise((resolve) => {
          socket.write(Buffer.from([0, 255]), () => {
            socket.resetAndDestroy();
            resolve();
          });
        }),
      (conn) => {
        conn.pipe(sendTo(conn)).subscribe({ error: () => undefined });
      },
    );
    expect(text).toContain(`code: 'ECONNRESET'`);
    expect(text).toContain(`Buffer.from('00ff', 'hex')`);
  });

  it('does not change what it watches', async () => {
    const seen: string[] = [];
    await session(
      async (socket) => {
        socket.write('a\nb\n');
        await once(socket, 'data');
        socket.end();
      },
      (conn) => {
        conn
          .pipe(
            lines(),
            tap((line) => {
              seen.push(line);
              setImmediate(hold());
            }),
          )
          .subscribe({
            complete: () => {
              conn.complete();
            },
          });
        conn.next('hello');
      },
    );
    expect(seen).toEqual(['a', 'b']);
  });

  it('refuses what is no connection', () => {
    expect(() => recordMarbles({} as never)).toThrow(
      new TypeError('source must be a Connection or a Listener, got object'),
    );
  });
});
