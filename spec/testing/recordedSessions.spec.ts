import { once } from 'node:events';
import { connect } from 'node:net';
import { Subject, delay, firstValueFrom, of } from 'rxjs';
import { type Connection, EventBase, lines, sendTo, serve } from 'rxjs-libevent';
import { recordMarbles } from 'rxjs-libevent/testing';
import { chat } from '../../samples/pipelines/chat';
import { rot13 } from '../../samples/pipelines/rot13';
import { upgrade } from '../../samples/pipelines/upgrade';
import { replay } from './support/replay';

const SESSIONS = Number(process.env['RECORDED_SESSIONS'] ?? 15);

type Pipeline = (conn: Connection) => void;

const served =
  (handler: Parameters<typeof serve>[0]): Pipeline =>
  (conn) => {
    of(conn)
      .pipe(serve(handler, { onError: () => undefined }))
      .subscribe();
  };

const pipelines: Readonly<Record<string, Pipeline>> = {
  chat: served((conn) => chat(conn, new Subject(), 'hold')),
  rot13: served((conn) => rot13(conn)),
  upgrade: served(upgrade),
  'an echo that takes its time': served((conn) => conn.pipe(lines(), delay(3), sendTo(conn))),
};

const ANSWERS_AT_ONCE = ['chat', 'rot13'];

/** Whole numbers of a seed, from 0 to below `most`. */
function numbers(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('recorded sessions', () => {
  let base: EventBase;
  beforeEach(() => {
    base = new EventBase();
  });
  afterEach(() => base.close());

  /** What a peer says, in pieces and at times of the seed. */
  async function record(name: string, seed: number): Promise<string> {
    const draw = numbers(seed);
    const listener = base.listen({ host: '127.0.0.1' });
    let recording: ReturnType<typeof recordMarbles> | undefined;
    const closed = new Promise<void>((resolve) => {
      const listening = listener.subscribe((conn) => {
        recording = recordMarbles(conn);
        conn.whenClosed.subscribe(() => {
          listening.unsubscribe();
          resolve();
        });
        pipelines[name]!(conn);
      });
    });
    const { port } = await firstValueFrom(listener.bound);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'connect');
    if (name === 'upgrade') socket.write('upgrade to frames\n\0\x04abcd');
    for (let count = 1 + draw(8); count > 0; count -= 1) {
      const line = `${'again and again '.repeat(draw(4))}${draw(3)}`;
      const text =
        name === 'upgrade' ? `\0${String.fromCharCode(line.length)}${line}` : `${line}\n`;
      const cut = draw(text.length);
      socket.write(text.slice(0, cut));
      for (let turns = draw(4); turns > 0; turns -= 1) await turn();
      socket.write(text.slice(cut));
    }
    // What a reset cuts off of later work is a matter of the instant.
    if (draw(5) === 0 && ANSWERS_AT_ONCE.includes(name)) socket.resetAndDestroy();
    else socket.end();
    await closed;
    return String(recording);
  }

  const seeds = Array.from({ length: SESSIONS }, (_, index) => index + 1);
  it.each(Object.keys(pipelines))('replay: %s', async (name) => {
    for (const seed of seeds) {
      const text = await record(name, seed);
      try {
        replay(text, pipelines[name]!);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}\n${text}`, { cause: error });
      }
    }
  });

  it('replay with their saturation, as far as the peer has taken what was written', async () => {
    for (const seed of seeds) {
      const draw = numbers(seed);
      const marks = { read: { high: 64, low: 0 }, write: { high: 64, low: 16 } };
      const [conn, far] = base.pair(marks);
      const recording = recordMarbles(conn);
      const echo = served((it) => it.pipe(sendTo(it)));
      echo(conn);
      let release = far.hold('slow');
      far.subscribe();
      for (let count = 1 + draw(12); count > 0; count -= 1) {
        far.next('x'.repeat(1 + draw(100)));
        for (let turns = draw(4); turns > 0; turns -= 1) await turn();
        if (draw(3) > 0) continue;
        release();
        for (let turns = draw(4); turns > 0; turns -= 1) await turn();
        release = far.hold('slow');
      }
      far.complete();
      const closed = firstValueFrom(conn.whenClosed);
      release();
      await closed;
      const text = String(recording);
      try {
        replay(text, echo);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}\n${text}`, { cause: error });
      }
    }
  });
});
