import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { PassThrough, Readable, Stream, Writable } from 'node:stream';
import { ReadableStream, WritableStream } from 'node:stream/web';
import { AsyncLocalStorage } from 'node:async_hooks';
import { firstValueFrom, lastValueFrom, Observable, take, tap, toArray } from 'rxjs';
import { concatMapHeld, hold, lines, sendTo } from 'rxjs-libevent';
import { fromReadable } from 'rxjs-libevent/streams';
import { Loopback } from '../flow-on-sockets/support/Loopback';
import { sha256Of } from '../flow-on-sockets/support/sha256';
import { fileOf, removeFiles } from './support/fileOf';

const webOf = <T>(...values: T[]): ReadableStream<T> =>
  new ReadableStream<T>({
    start: (controller) => {
      for (const value of values) controller.enqueue(value);
      controller.close();
    },
  });

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('fromReadable', () => {
  afterAll(removeFiles);

  describe('arguments', () => {
    it.each([
      ['nothing', undefined],
      ['null', null],
      ['a Writable', new Writable()],
      ['a WritableStream', new WritableStream()],
      ['an iterable', [1, 2]],
      ['a stream of before Node 0.10', Object.assign(new Stream(), { readable: true })],
    ])('refuses %s', (_name, stream) => {
      expect(() => fromReadable(stream as never)).toThrow(
        'stream must be a Node or a Web readable',
      );
    });

    it('refuses an unknown option', () => {
      expect(() => fromReadable(Readable.from([]), { destroy: false } as never)).toThrow(
        "unknown option 'destroy'",
      );
      expect(() => fromReadable(Readable.from([]), { whenUnsubscribed: 'stay' as never })).toThrow(
        "whenUnsubscribed must be one of 'destroy', 'leave'",
      );
    });
  });

  describe.each([
    ['Node', (...values: unknown[]) => Readable.from(values)],
    ['Web', webOf],
  ])('of a %s stream', (_kind, streamOf) => {
    it('emits nothing of an empty one, and completes', async () => {
      expect(await lastValueFrom(fromReadable(streamOf()).pipe(toArray()))).toEqual([]);
    });

    it('emits every value as it is, objects included, and completes', async () => {
      const values = [1, 'two', { three: 3 }, Buffer.from('four')];
      expect(await lastValueFrom(fromReadable(streamOf(...values)).pipe(toArray()))).toEqual(
        values,
      );
    });

    it('emits nothing while somebody holds, and goes on in a later turn', async () => {
      const seen: number[] = [];
      let release = (): void => {};
      const done = lastValueFrom(
        fromReadable<number>(streamOf(1, 2, 3)).pipe(
          tap((value) => {
            seen.push(value);
            if (value === 1) release = hold();
          }),
        ),
      );
      while (seen.length === 0) await nextTurn();
      for (let turn = 0; turn < 10; turn += 1) await nextTurn();
      expect(seen).toEqual([1]);
      release();
      expect(seen).toEqual([1]);
      await done;
      expect(seen).toEqual([1, 2, 3]);
    });

    it('is held by a held stage', async () => {
      let running = 0;
      let most = 0;
      const values = await lastValueFrom(
        fromReadable<number>(streamOf(1, 2, 3)).pipe(
          concatMapHeld(async (value) => {
            running += 1;
            most = Math.max(most, running);
            await nextTurn();
            running -= 1;
            return value * 2;
          }),
          toArray(),
        ),
      );
      expect(values).toEqual([2, 4, 6]);
      expect(most).toBe(1);
    });

    it('refuses a second reader at the same time, and takes one later', async () => {
      const stream = streamOf(1, 2, 3);
      const values = fromReadable<number>(stream, { whenUnsubscribed: 'leave' });
      const first = firstValueFrom(values);
      await expect(firstValueFrom(values)).rejects.toThrow(TypeError);
      expect(await first).toBe(1);
      expect(await lastValueFrom(values.pipe(toArray()))).toEqual([2, 3]);
    });

    it('other work has its turn while a stream has always more', async () => {
      let turns = 0;
      let count = 0;
      const counting = setInterval(() => (turns += 1), 0);
      const endless = streamOf(...new Array<number>(5000).fill(1));
      await lastValueFrom(fromReadable<number>(endless).pipe(tap(() => (count += 1))));
      clearInterval(counting);
      expect(count).toBe(5000);
      expect(turns).toBeGreaterThan(0);
    });

    it('T8: calls in the context of its subscriber', async () => {
      const storage = new AsyncLocalStorage<string>();
      const stream = storage.run('maker', () => streamOf(1, 2));
      const seen: unknown[] = [];
      await storage.run('subscriber', () =>
        lastValueFrom(
          fromReadable(stream).pipe(
            tap({
              next: () => seen.push(storage.getStore()),
              complete: () => seen.push(storage.getStore()),
            }),
          ),
        ),
      );
      expect(seen).toEqual(['subscriber', 'subscriber', 'subscriber']);
    });
  });

  describe('of a Node stream', () => {
    it('emits text after setEncoding', async () => {
      const stream = Readable.from([Buffer.from('h\u00e9')], { objectMode: false });
      stream.setEncoding('utf8');
      expect(await firstValueFrom(fromReadable<string>(stream))).toBe('h\u00e9');
    });

    it('fails with its error, after the values before it', async () => {
      const seen: unknown[] = [];
      const stream = new Readable({ objectMode: true, read() {} });
      stream.push(1);
      const done = lastValueFrom(
        fromReadable(stream).pipe(
          tap((value) => {
            seen.push(value);
            stream.destroy(new Error('broken'));
          }),
        ),
      );
      await expect(done).rejects.toThrow('broken');
      expect(seen).toEqual([1]);
    });

    it('fails when it is destroyed before its end', async () => {
      const stream = new PassThrough();
      const done = lastValueFrom(fromReadable(stream));
      stream.destroy();
      await expect(done).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    });

    it.each([
      ['destroyed', (stream: Readable) => stream.destroy(), 'ERR_STREAM_PREMATURE_CLOSE'],
      ['errored', (stream: Readable) => stream.destroy(fault()).on('error', () => {}), 'EFAULT'],
    ])('fails when it was %s before', async (_how, end, code) => {
      const stream = new PassThrough();
      end(stream);
      await once(stream, 'close').catch(() => {});
      await expect(lastValueFrom(fromReadable(stream))).rejects.toMatchObject({ code });
    });

    function fault(): Error {
      return Object.assign(new Error('fault'), { code: 'EFAULT' });
    }

    it('fails for a file that is not there', async () => {
      const stream = createReadStream('/there/is/no/such/file');
      await expect(lastValueFrom(fromReadable(stream))).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('destroys it when it is unsubscribed', async () => {
      const stream = Readable.from([1, 2, 3]);
      await firstValueFrom(fromReadable(stream));
      expect(stream.destroyed).toBe(true);
    });

    it('nobody hears an error that comes while it is destroyed', async () => {
      const stream = new Readable({
        objectMode: true,
        read() {
          this.push(1);
        },
        destroy: (_error, done) => done(new Error('late')),
      });
      await firstValueFrom(fromReadable(stream));
      while (!stream.closed) await nextTurn();
      expect(stream.errored).toBeInstanceOf(Error);
    });

    it('F6: leaves it to the next reader, to the byte', async () => {
      const stream = new PassThrough();
      stream.end('one\ntwo\nthree');
      const chunks = fromReadable(stream, { whenUnsubscribed: 'leave' });
      expect(await lastValueFrom(chunks.pipe(lines(), take(1)))).toBe('one');
      expect(stream.destroyed).toBe(false);
      expect(await firstValueFrom(chunks.pipe(lines()))).toBe('two');
      expect(String(await firstValueFrom(chunks))).toBe('three');
    });

    it('unsubscribes within next', async () => {
      const stream = Readable.from([1, 2, 3]);
      const seen: unknown[] = [];
      await new Promise<void>((resolve) => {
        const subscription = fromReadable(stream).subscribe((value) => {
          seen.push(value);
          subscription.unsubscribe();
          resolve();
        });
      });
      await once(stream, 'close');
      expect(seen).toEqual([1]);
    });
  });

  describe('of a Web stream', () => {
    it('fails with its error', async () => {
      const stream = new ReadableStream({
        pull: (controller) => controller.error(new Error('broken')),
      });
      await expect(lastValueFrom(fromReadable(stream))).rejects.toThrow('broken');
    });

    it('refuses one that is locked', async () => {
      const stream = webOf(1);
      stream.getReader();
      await expect(lastValueFrom(fromReadable(stream))).rejects.toThrow('locked');
    });

    it('cancels it when it is unsubscribed, and lets it go', async () => {
      let cancelled = false;
      const stream = new ReadableStream<number>({
        pull: (controller) => controller.enqueue(1),
        cancel: () => {
          cancelled = true;
        },
      });
      await firstValueFrom(fromReadable(stream));
      expect([cancelled, stream.locked]).toEqual([true, false]);
    });

    /** A reader that is not the platform's: its reads are answered by turns. */
    const foreign = (reads: (() => unknown)[], reader: object = {}): ReadableStream<unknown> =>
      ({
        locked: false,
        getReader: () => ({
          read: () => (reads.shift() ?? (() => Promise.resolve({ done: true })))(),
          cancel: () => Promise.resolve(),
          releaseLock: () => undefined,
          ...reader,
        }),
      }) as unknown as ReadableStream<unknown>;
    const gives = (value: unknown) => (): unknown => Promise.resolve({ done: false, value });
    const throws = (message: string) => (): never => {
      throw new Error(message);
    };

    it.each([
      ['null', gives(1), () => Promise.resolve(null), 'must give { done, value }, got null'],
      ['nothing', gives(1), () => undefined, 'must give { done, value }, got undefined'],
      ['a number', gives(1), () => Promise.resolve(5), 'must give { done, value }, got number'],
      ['an exception', gives(1), throws('read'), 'read'],
      ['a rejection', gives(1), () => Promise.reject(new Error('rejected')), 'rejected'],
      ['a thenable that throws', gives(1), () => ({ then: throws('then') }), 'then'],
      [
        'a getter that throws',
        gives(1),
        () => Promise.resolve(Object.defineProperty({}, 'done', { get: throws('getter') })),
        'getter',
      ],
    ])('fails where its reader answers with %s', async (_name, one, other, message) => {
      for (const reads of [[one, other], [other]]) {
        await expect(lastValueFrom(fromReadable(foreign(reads)))).rejects.toThrow(message);
      }
    });

    it.each([
      ['throws', throws('cancel')],
      ['rejects', () => Promise.reject(new Error('cancel'))],
      ['answers nothing', () => undefined],
    ])('may be unsubscribed where cancelling %s', async (_name, cancel) => {
      const stream = foreign([gives(1)], { cancel });
      expect(await firstValueFrom(fromReadable(stream))).toBe(1);
      await nextTurn();
    });

    it('leaves it with a read that is pending', async () => {
      let control!: ReadableStreamDefaultController<number>;
      const stream = new ReadableStream<number>({ start: (controller) => (control = controller) });
      const subscription = fromReadable(stream, { whenUnsubscribed: 'leave' }).subscribe();
      subscription.unsubscribe();
      control.enqueue(1);
      control.close();
      expect(await lastValueFrom(fromReadable(stream).pipe(toArray()))).toEqual([1]);
    });
  });

  describe('into a slow connection', () => {
    const BYTES = 64 << 20;

    it('delivers a file whole, and reads no further ahead than the marks', async () => {
      const loopback = await Loopback.open();
      const { conn, peer } = await loopback.pair();
      const { path, sha256 } = await fileOf(BYTES);
      const file = createReadStream(path);
      let most = 0;
      let read = 0;
      const held = new Observable<Buffer>((subscriber) =>
        fromReadable(file)
          .pipe(
            tap((chunk: Buffer) => {
              read += chunk.length;
              most = Math.max(most, read - (conn.bytesWritten - conn.outputBytes));
            }),
          )
          .subscribe(subscriber),
      );
      held.pipe(sendTo(conn, { end: true })).subscribe();
      // Nobody reads yet: the file waits where it is.
      while (!conn.saturated) await nextTurn();
      const stopped = read;
      for (let turn = 0; turn < 100; turn += 1) await nextTurn();
      expect(read).toBe(stopped);
      expect(await sha256Of(peer)).toBe(sha256);
      expect(most).toBeLessThan(1 << 20);
      await loopback.close();
    });
  });
});
