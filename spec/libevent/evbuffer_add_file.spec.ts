import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { connect as netConnect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  concat,
  concatMap,
  firstValueFrom,
  from,
  lastValueFrom,
  of,
  take,
  tap,
  toArray,
} from 'rxjs';
import { sendTo, type Connection, type LibeventError } from 'rxjs-libevent';
import { allOf, bytesFrom } from './support/emitted';
import { joined, type Joined } from './support/joined';
import { newBase } from './support/newBase';
import { pattern } from '../support/pattern.cjs';

const SLICE = 4 * 1024 * 1024;

describe('evbuffer_add_file: connection.sendFile', () => {
  const base = newBase();
  const content = pattern(3 * SLICE + 12345);
  const directory = mkdtempSync(join(tmpdir(), 'sendfile-'));
  const path = join(directory, 'content');
  const open: Joined[] = [];

  beforeAll(() => {
    writeFileSync(path, content);
  });

  afterEach(() => {
    for (const { subscription } of open.splice(0)) subscription.unsubscribe();
  });

  afterAll(async () => {
    rmSync(directory, { recursive: true });
    await base.close();
  });

  async function ends(): Promise<Joined> {
    const both = await joined(base);
    open.push(both);
    return both;
  }

  /** A peer that reads only when it is asked to, with little room on the way. */
  async function slowPeer(): Promise<{ server: Connection; peer: Socket }> {
    const listener = base.listen({ host: '127.0.0.1', port: 0 });
    const accepted = firstValueFrom(listener);
    const { port } = await firstValueFrom(listener.bound);
    const peer = netConnect({ host: '127.0.0.1', port });
    peer.pause();
    peer.on('error', () => {});
    return { server: await accepted, peer };
  }

  const failureOf = (sending: Promise<unknown>): Promise<LibeventError> =>
    sending.then(
      () => Promise.reject(new Error('it was sent')),
      (error: unknown) => error as LibeventError,
    );

  // The second one is of some megabytes, on systems that show it.
  it.each(['/proc/version', '/proc/kallsyms'].filter((name) => existsSync(name)))(
    'sends a file that says no size to its end: %s',
    async (name) => {
      const { client, server } = await ends();
      const received = allOf(server);
      const expected = readFileSync(name);
      const sent = await lastValueFrom(client.sendFile(name));
      client.next('behind');
      client.complete();
      expect(sent).toBe(expected.length);
      expect((await received).equals(Buffer.concat([expected, Buffer.from('behind')]))).toBe(true);
    },
  );

  it('sends a part of a file that says no size', async () => {
    const { client, server } = await ends();
    const received = allOf(server);
    const name = '/proc/version';
    await lastValueFrom(client.sendFile(name, { start: 2, end: 9 }));
    await lastValueFrom(client.sendFile(name, { start: 1 << 20 }), { defaultValue: 0 });
    client.complete();
    expect((await received).equals(readFileSync(name).subarray(2, 10))).toBe(true);
  });

  it('sends a whole file and emits how much has been sent, slice by slice', async () => {
    const { client, server } = await ends();
    const received = allOf(server);
    const progress = await lastValueFrom(client.sendFile(path).pipe(toArray()));
    client.complete();
    expect((await received).equals(content)).toBe(true);
    expect(progress).toEqual([SLICE, 2 * SLICE, 3 * SLICE, content.length]);
  });

  it.each([
    ['from an offset', { start: 5 }, 5, undefined],
    ['up to a last byte, inclusive', { end: 9 }, 0, 10],
    ['between both', { start: 100, end: 4099 }, 100, 4100],
    ['one byte', { start: 7, end: 7 }, 7, 8],
    ['across slices', { start: SLICE - 1, end: SLICE }, SLICE - 1, SLICE + 1],
    ['to the end of the file where `end` is behind it', { start: 9e6, end: 1e12 }, 9e6, undefined],
    ['nothing behind its end', { start: 1e12 }, 0, 0],
  ])('evbuffer_file_segment_new: sends a part: %s', async (_name, part, from, to) => {
    const { client, server } = await ends();
    const received = allOf(server);
    await lastValueFrom(client.sendFile(path, part), { defaultValue: 0 });
    client.complete();
    expect((await received).equals(content.subarray(from, to))).toBe(true);
  });

  it('sends an empty file: nothing, and completes', async () => {
    const empty = join(directory, 'empty');
    writeFileSync(empty, '');
    const { client } = await ends();
    expect(await lastValueFrom(client.sendFile(empty).pipe(toArray()))).toEqual([]);
  });

  it('keeps the order with what is written before, meanwhile and behind', async () => {
    const { client, server } = await ends();
    const received = allOf(server);
    client.next('before');
    const sent = lastValueFrom(client.sendFile(path));
    client.next('meanwhile');
    const small = Buffer.from('reused');
    client.next(small);
    small.fill(0);
    client.next(pattern(100_000));
    await sent;
    client.next('behind');
    client.complete();
    const expected = Buffer.concat([
      Buffer.from('before'),
      content,
      Buffer.from('meanwhilereused'),
      pattern(100_000),
      Buffer.from('behind'),
    ]);
    expect((await received).equals(expected)).toBe(true);
  });

  it('sends FIN behind the file when it is completed meanwhile', async () => {
    const { client, server } = await ends();
    const received = allOf(server);
    const sent = lastValueFrom(client.sendFile(path));
    client.next('tail');
    client.complete();
    client.next('too late');
    await sent;
    expect((await received).equals(Buffer.concat([content, Buffer.from('tail')]))).toBe(true);
  });

  it('lets the file leave before it closes gracefully', async () => {
    const { client, server } = await ends();
    const received = allOf(server);
    const sent = lastValueFrom(client.sendFile(path));
    client.close();
    await sent;
    server.complete();
    expect((await received).equals(content)).toBe(true);
  });

  it('drops at the deadline a file that a closed connection cannot send', async () => {
    const { server, peer } = await slowPeer();
    const sent = failureOf(lastValueFrom(server.sendFile(path)));
    const closed = firstValueFrom(server.whenClosed);
    server.close(50);
    await closed;
    expect(await sent).toMatchObject({ code: 'ECANCELED' });
    peer.destroy();
  });

  it('counts what waits behind the file as output, and completes sendTo after it has left', async () => {
    const { client, server } = await ends();
    const order: string[] = [];
    const received = allOf(server);
    const sent = lastValueFrom(client.sendFile(path)).then(() => order.push('file'));
    const tail = lastValueFrom(of('tail').pipe(sendTo(client)), { defaultValue: 0 }).then(() =>
      order.push('tail'),
    );
    expect(client.outputBytes).toBe(4);
    await Promise.all([sent, tail]);
    expect(order).toEqual(['file', 'tail']);
    client.complete();
    expect((await received).length).toBe(content.length + 4);
  });

  it('holds a source that writes meanwhile, and lets it go when the file has left', async () => {
    const { client, server } = await ends();
    const source = await ends();
    const received = allOf(server);
    const emitted: string[] = [];
    const sent = lastValueFrom(client.sendFile(path, { end: 999 }));
    source.server
      .pipe(
        tap((chunk) => {
          emitted.push(chunk.toString());
        }),
      )
      .subscribe(client);
    source.client.next('first');
    source.client.complete();
    await sent;
    expect((await received).subarray(1000).toString()).toBe('first');
    expect(source.server.held).toBe(false);
    expect(emitted).toEqual(['first']);
  });

  it('sends one file after another, and refuses two at once', async () => {
    const { client, server } = await ends();
    const received = allOf(server);
    const both = lastValueFrom(
      from([0, 1]).pipe(concatMap(() => client.sendFile(path, { end: 99_999 }))),
    );
    const refused = await failureOf(lastValueFrom(client.sendFile(path)));
    expect(refused).toMatchObject({ code: 'ERR_NOT_WRITABLE', syscall: 'sendfile' });
    await both;
    client.complete();
    const part = content.subarray(0, 100_000);
    expect((await received).equals(Buffer.concat([part, part]))).toBe(true);
  });

  it('opens nothing before it is subscribed to, and the file anew each time', async () => {
    const { client, server } = await ends();
    const later = join(directory, 'later');
    const sending = client.sendFile(later);
    writeFileSync(later, 'now');
    const received = allOf(server);
    await lastValueFrom(concat(sending, sending));
    client.complete();
    expect((await received).toString()).toBe('nownow');
  });

  it('stops between slices when it is unsubscribed; what was submitted still leaves', async () => {
    const { client, server } = await ends();
    const received = allOf(server);
    await firstValueFrom(client.sendFile(path).pipe(take(1)));
    client.next('|');
    client.complete();
    const bytes = await received;
    const sent = bytes.length - 1;
    expect(sent % SLICE).toBe(0);
    expect(sent).toBeLessThan(content.length);
    expect(bytes.subarray(0, sent).equals(content.subarray(0, sent))).toBe(true);
  });

  it('gives its place up when it is unsubscribed before the file is open', async () => {
    const { client, server } = await ends();
    const received = bytesFrom(server, 4);
    client.sendFile(path).subscribe().unsubscribe();
    client.next('next');
    expect((await received).toString()).toBe('next');
  });

  it.each([
    ['a missing file', 'missing', { code: 'ENOENT' }],
    ['a directory', '.', { code: 'EISDIR', syscall: 'sendfile' }],
    ['a FIFO', 'fifo', { code: 'EINVAL', syscall: 'sendfile' }],
  ])('refuses %s, and the connection goes on', async (_name, name, expected) => {
    if (name === 'fifo') execFileSync('mkfifo', [join(directory, name)]);
    const { client, server } = await ends();
    const received = bytesFrom(server, 5);
    const failed = failureOf(lastValueFrom(client.sendFile(join(directory, name))));
    client.next('after');
    expect(await failed).toMatchObject(expected);
    expect((await received).toString()).toBe('after');
  });

  it('resets a connection whose file becomes shorter', async () => {
    const { server, peer } = await slowPeer();
    const shrinking = join(directory, 'shrinking');
    writeFileSync(shrinking, '');
    truncateSync(shrinking, 64 * 1024 * 1024);
    const failed = failureOf(lastValueFrom(server.sendFile(shrinking)));
    const reset = new Promise((resolve) => peer.once('close', resolve));
    let truncated = false;
    peer.on('data', () => {
      if (!truncated) truncateSync(shrinking, 1000);
      truncated = true;
    });
    peer.resume();
    expect(await failed).toMatchObject({ code: 'EIO', syscall: 'sendfile' });
    expect(await reset).toBe(true);
    expect(server.failure).toMatchObject({ code: 'EIO', syscall: 'sendfile' });
  });

  it('ends with the error of a connection that dies meanwhile', async () => {
    const { server, peer } = await slowPeer();
    const failed = failureOf(lastValueFrom(server.sendFile(path)));
    peer.once('data', () => {
      peer.resetAndDestroy();
    });
    peer.resume();
    expect(['ECONNRESET', 'EPIPE']).toContain((await failed).code);
  });

  it('ends with ECANCELED when its own connection is destroyed', async () => {
    const { server, peer } = await slowPeer();
    const seen: number[] = [];
    const failed = failureOf(
      lastValueFrom(server.sendFile(path).pipe(tap((bytes) => seen.push(bytes)))),
    );
    peer.once('data', () => {
      server.destroy();
    });
    peer.resume();
    expect(await failed).toMatchObject({ code: 'ECANCELED' });
    expect(seen).not.toContain(content.length);
    peer.destroy();
  });

  it('refuses a connection that is closing', async () => {
    const { client } = await ends();
    client.complete();
    const refused = await failureOf(lastValueFrom(client.sendFile(path)));
    expect(refused).toMatchObject({ code: 'ERR_NOT_WRITABLE', syscall: 'sendfile' });
  });

  it('reads beyond 4 GiB of a sparse file', async () => {
    const sparse = join(directory, 'sparse');
    const start = 5 * 2 ** 30 + 3;
    const file = openSync(sparse, 'w');
    ftruncateSync(file, 6 * 2 ** 30);
    writeSync(file, 'far out', start);
    closeSync(file);
    const { client, server } = await ends();
    const received = allOf(server);
    await lastValueFrom(client.sendFile(sparse, { start, end: start + 9 }));
    client.complete();
    expect((await received).toString()).toBe('far out\0\0\0');
  });

  it('passes no bytes through JavaScript, nor through buffers of libevent', async () => {
    const { client, server } = await ends();
    const before = base.stats;
    const received = allOf(server);
    await lastValueFrom(client.sendFile(path));
    client.complete();
    await received;
    const after = base.stats;
    expect(after.copies - before.copies).toBe(0);
    expect(after.references - before.references).toBe(0);
    expect(after.sentBytes - before.sentBytes).toBe(content.length);
  });

  it('reads the file for a pair, which has no socket', async () => {
    const [one, other] = base.pair();
    const received = allOf(other);
    await lastValueFrom(one.sendFile(path));
    one.complete();
    expect((await received).equals(content)).toBe(true);
    other.complete();
  });

  it('refuses paths and parts that are none', async () => {
    const { client } = await ends();
    expect(() => client.sendFile(1 as never)).toThrow('path must be a string, got 1');
    expect(() => client.sendFile('')).toThrow('path must not be empty');
    expect(() => client.sendFile(path, { start: -1 })).toThrow(
      /start must be a whole number of bytes from 0/,
    );
    expect(() => client.sendFile(path, { start: 0.5 })).toThrow(
      /start must be a whole number of bytes/,
    );
    expect(() => client.sendFile(path, { start: 5, end: 4 })).toThrow(
      /end must be a whole number of bytes from 5/,
    );
    expect(() => client.sendFile(path, null as never)).toThrow(
      'config must be an object, got null',
    );
  });
});
