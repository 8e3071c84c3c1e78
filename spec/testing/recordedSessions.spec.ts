import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { Subject, delay, firstValueFrom, of, tap } from 'rxjs';
import { type Connection, EventBase, type Listener, lines, sendTo, serve } from 'rxjs-libevent';
import { recordMarbles } from 'rxjs-libevent/testing';
import { chat } from '../../samples/pipelines/chat';
import { rot13 } from '../../samples/pipelines/rot13';
import { upgrade } from '../../samples/pipelines/upgrade';
import { replay, replayListener } from './support/replay';

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

  /** Guests of one room, in an order of the seed: they come, speak one after the other, and leave. */
  async function recordChat(seed: number): Promise<string> {
    const draw = numbers(seed);
    const listener = base.listen({ host: '127.0.0.1' });
    const recording = recordMarbles(listener);
    const room = new Subject<string>();
    const closed: Promise<void>[] = [];
    const entered = new Subject<void>();
    const serving = recording
      .pipe(
        tap((conn) => {
          closed.push(firstValueFrom(conn.whenClosed));
        }),
        serve((conn) => {
          entered.next();
          return chat(conn, room, 'hold');
        }),
      )
      .subscribe();
    const { port } = await firstValueFrom(listener.bound);
    const guests: Socket[] = [];
    const come = async (): Promise<void> => {
      const there = firstValueFrom(entered);
      const guest = connect(port, '127.0.0.1');
      guests.push(guest);
      await Promise.all([there, once(guest, 'connect')]);
    };
    for (let turns = 3; turns > 0; turns -= 1) {
      await come();
      for (let count = draw(4); count > 0; count -= 1) {
        const speaker = guests[draw(guests.length)]!;
        const heard = guests.map((guest) => once(guest, 'data'));
        const said = `${'so '.repeat(draw(3))}${draw(9)}\n`.repeat(1 + draw(2));
        speaker.write(said);
        await Promise.all(heard);
      }
    }
    for (const guest of guests) {
      if (draw(2) === 0) {
        const heard = guests.filter(({ writable }) => writable).map((one) => once(one, 'data'));
        guest.write('bye\n');
        await Promise.all(heard);
      }
      guest.resume().end();
      await closed[guests.indexOf(guest)];
    }
    serving.unsubscribe();
    return String(recording);
  }

  it('replay: all of a room in one test', async () => {
    for (const seed of seeds) {
      const text = await recordChat(seed);
      const pipeline = (server: Listener): void => {
        const room = new Subject<string>();
        server.pipe(serve((conn) => chat(conn, room, 'hold'))).subscribe();
      };
      try {
        replayListener(text, pipeline);
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
