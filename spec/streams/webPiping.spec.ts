import { once } from 'node:events';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { ReadableStream, TransformStream, WritableStream } from 'node:stream/web';
import { firstValueFrom } from 'rxjs';
import type { Connection } from 'rxjs-libevent';
import { toWebStreams, type WebStreams } from 'rxjs-libevent/streams';
import { Loopback } from '../flow-on-sockets/support/Loopback';

/** What web-platform-tests have in `streams/piping`, group by group, with a connection at one end. */
describe('pipeTo with the streams of toWebStreams', () => {
  let loopback: Loopback;
  let conn: Connection;
  let peer: Socket;
  let streams: WebStreams;

  beforeEach(async () => {
    loopback = await Loopback.open({ allowHalfOpen: true });
    ({ conn, peer } = await loopback.pair());
    streams = toWebStreams(conn);
  });

  afterEach(() => loopback.close());

  const failure = new Error('on purpose');

  /** A sink that remembers what happens to it. */
  function sink(write: () => void | Promise<void> = () => {}): {
    writable: WritableStream<Uint8Array>;
    events: unknown[];
  } {
    const events: unknown[] = [];
    const writable = new WritableStream<Uint8Array>({
      write: async (chunk) => {
        events.push(Buffer.from(chunk).toString());
        await write();
      },
      close: () => void events.push('close'),
      abort: (reason) => void events.push(reason),
    });
    return { writable, events };
  }

  async function resetOf(socket: Socket): Promise<unknown> {
    return (await once(socket.resume(), 'error'))[0];
  }

  describe('close-propagation-forward', () => {
    it('closes the sink behind the last byte of the peer', async () => {
      const { writable, events } = sink();
      peer.end('last');
      await streams.readable.pipeTo(writable);
      expect(events).toEqual(['last', 'close']);
    });

    it('leaves the sink open with preventClose', async () => {
      const { writable, events } = sink();
      peer.end('last');
      await streams.readable.pipeTo(writable, { preventClose: true });
      expect([events, writable.locked]).toEqual([['last'], false]);
    });

    it('sends FIN behind the source, when it has been sent', async () => {
      const source = new ReadableStream<string>({
        start(controller) {
          controller.enqueue('all of it');
          controller.close();
        },
      });
      const received = text(peer);
      await source.pipeTo(streams.writable);
      expect(conn.outputBytes).toBe(0);
      expect(await received).toBe('all of it');
    });

    it('keeps the connection for the next source with preventClose', async () => {
      const one = (value: string): ReadableStream<string> =>
        new ReadableStream({
          start(controller) {
            controller.enqueue(value);
            controller.close();
          },
        });
      const received = text(peer);
      await one('one, ').pipeTo(streams.writable, { preventClose: true });
      await one('two').pipeTo(streams.writable);
      expect(await received).toBe('one, two');
    });
  });

  describe('close-propagation-backward', () => {
    it('cancels the source of a connection whose output has ended', async () => {
      let reason: unknown;
      const source = new ReadableStream<string>({
        pull: (controller) => controller.enqueue('more'),
        cancel: (why) => void (reason = why),
      });
      conn.complete();
      await expect(source.pipeTo(streams.writable)).rejects.toMatchObject({
        code: 'ERR_NOT_WRITABLE',
      });
      expect(reason).toMatchObject({ code: 'ERR_NOT_WRITABLE' });
    });
  });

  describe('error-propagation-forward', () => {
    it('aborts the sink with what the connection fails with', async () => {
      const { writable, events } = sink();
      const piped = streams.readable.pipeTo(writable);
      peer.resetAndDestroy();
      await expect(piped).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(events.at(-1)).toMatchObject({ code: 'ECONNRESET' });
    });

    it('T2: sends RST when the source fails', async () => {
      const source = new ReadableStream<string>({
        start: (controller) => {
          controller.error(failure);
        },
      });
      const reset = resetOf(peer);
      await expect(source.pipeTo(streams.writable)).rejects.toBe(failure);
      expect(await reset).toMatchObject({ code: 'ECONNRESET' });
    });

    it('keeps the connection with preventAbort', async () => {
      const source = new ReadableStream<string>({
        start: (controller) => {
          controller.error(failure);
        },
      });
      await expect(source.pipeTo(streams.writable, { preventAbort: true })).rejects.toBe(failure);
      const received = text(peer);
      const writer = streams.writable.getWriter();
      await writer.write('goes on');
      await writer.close();
      expect(await received).toBe('goes on');
    });
  });

  describe('error-propagation-backward', () => {
    it('cancels the readable when the sink fails: the connection is read no more', async () => {
      const { writable } = sink(() => Promise.reject(failure));
      peer.write('one');
      await expect(streams.readable.pipeTo(writable)).rejects.toBe(failure);
      const ended = once(peer.resume(), 'end');
      await streams.writable.close();
      await ended;
      peer.end();
      await firstValueFrom(conn.whenClosed);
    });

    it('gives the rest to the next reader with preventCancel', async () => {
      const writable = new WritableStream<Uint8Array>({
        start: (controller) => {
          controller.error(failure);
        },
      });
      const piped = streams.readable.pipeTo(writable, { preventCancel: true });
      await expect(piped).rejects.toBe(failure);
      peer.end('still there');
      expect(await text(streams.readable)).toBe('still there');
    });
  });

  describe('flow-control', () => {
    it('holds the peer while the sink is busy, and loses nothing', async () => {
      const bytes = 8 << 20;
      let release!: () => void;
      const busy = new Promise<void>((resolve) => (release = resolve));
      let received = 0;
      const writable = new WritableStream<Uint8Array>({
        write: async (chunk) => {
          received += chunk.length;
          await busy;
        },
      });
      const piped = streams.readable.pipeTo(writable);
      peer.end(Buffer.alloc(bytes));
      while (!conn.held) await new Promise(setImmediate);
      expect(conn.bytesRead).toBeLessThan(1 << 20);
      release();
      await piped;
      expect(received).toBe(bytes);
    });
  });

  describe('abort', () => {
    it('T2: sends RST and cancels the source', async () => {
      const abort = new AbortController();
      let cancelled: unknown;
      const source = new ReadableStream<string>({ cancel: (why) => void (cancelled = why) });
      const piped = source.pipeTo(streams.writable, { signal: abort.signal });
      const reset = resetOf(peer);
      abort.abort(failure);
      await expect(piped).rejects.toBe(failure);
      expect(await reset).toMatchObject({ code: 'ECONNRESET' });
      expect(cancelled).toBe(failure);
    });
  });

  describe('pipe-through', () => {
    it('passes through a transform that fails: RST to the peer', async () => {
      const reset = resetOf(peer);
      const failing = new TransformStream<Uint8Array, Uint8Array>({
        transform: () => {
          throw failure;
        },
      });
      const piped = streams.readable.pipeThrough(failing).pipeTo(streams.writable);
      peer.write('x');
      await expect(piped).rejects.toBe(failure);
      expect(await reset).toMatchObject({ code: 'ECONNRESET' });
    });
  });
});
