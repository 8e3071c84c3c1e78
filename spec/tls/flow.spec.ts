import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { NEVER, count, firstValueFrom, lastValueFrom, reduce, tap, toArray } from 'rxjs';
import { type Connection, EventBase, type LibeventError, relay } from 'rxjs-libevent';
import { pattern } from '../support/pattern.cjs';
import { until } from '../support/until';
import { Certificates } from './support/certificates';
import { ENGINES, HOST, nodeServer, serveTls } from './support/servers';
import { wire } from './support/wire';

let certificates: Certificates;
beforeAll(() => {
  certificates = new Certificates();
});
afterAll(() => {
  certificates.remove();
});

const MiB = 2 ** 20;

const WAYS = ENGINES.flatMap((engine) =>
  ([0, 1, 'auto'] as const).map((threads) => ({ engine, threads })),
);

describe.each(WAYS)('flow control of TLS by $engine, threads: $threads', ({ engine, threads }) => {
  let base: EventBase;
  beforeEach(() => {
    base = new EventBase({ threads });
  });
  afterEach(() => base.close());

  /** Two ends of one secured connection of this base. */
  async function joined(config: object = {}): Promise<[client: Connection, server: Connection]> {
    const { port, connections } = await serveTls(
      base,
      { ...certificates.server, engine },
      () => NEVER,
      config,
    );
    const client = await base.open({
      host: HOST,
      port,
      tls: { ca: certificates.ca, engine },
      ...config,
    });
    await until(() => connections.length === 1);
    return [client, connections[0]!];
  }

  it('F2: reads no more than its credit ahead of a reader that holds, and loses nothing', async () => {
    const [client, server] = await joined({ read: { high: 65536 }, write: { high: 65536 } });
    const bytes = Buffer.alloc(4 * MiB, 'abcdefghijklm');
    client.next(bytes);
    const release = server.hold();
    const all = firstValueFrom(
      server.pipe(reduce((hash, chunk) => hash.update(chunk), createHash('sha256'))),
    );
    client.complete();
    await new Promise(setImmediate);
    expect(server.inputBytes).toBeLessThanOrEqual(65536);
    release();
    expect((await all).digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('F2: goes on with what it has read ahead when others have left it no room', async () => {
    const [client, server] = await joined({ read: { low: 0, high: 1000 } });
    const bytes = Buffer.alloc(60_000, 'one credit after the other. ');
    // No end comes behind it, by which the descriptor would be readable again.
    client.next(bytes);
    const chunks: Buffer[] = [];
    const received = new Promise<void>((resolve) => {
      let left = bytes.length;
      server.subscribe((chunk) => {
        chunks.push(chunk);
        left -= chunk.length;
        if (left === 0) resolve();
      });
    });
    // What has been posted of the others fills the memory that input crosses in, again and again.
    const idle = new Int32Array(new SharedArrayBuffer(4));
    const flood = Array.from({ length: 4 }, () => {
      const [source, sink] = base.pair({ read: { high: 4 * MiB } });
      source.next(Buffer.alloc(4 * MiB));
      source.complete();
      return firstValueFrom(
        sink.pipe(
          tap(() => Atomics.wait(idle, 0, 0, 1)),
          count(),
        ),
      );
    });
    await Promise.all([...flood, received]);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  it('F3: is saturated by what a stopped reader leaves, in bytes of the user, and drains', async () => {
    const [client, server] = await joined();
    const events: string[] = [];
    client.events.subscribe(({ type }) => events.push(type));
    const chunk = Buffer.alloc(MiB);
    for (let count = 0; count < 8; count += 1) client.next(chunk);
    expect(client.saturated).toBe(true);
    expect(client.bytesWritten).toBe(8 * MiB);
    const drained = firstValueFrom(client.drained);
    const received = firstValueFrom(server.pipe(reduce((sum, { length }) => sum + length, 0)));
    await drained;
    expect(client.outputBytes).toBeLessThanOrEqual(32768);
    client.complete();
    expect(await received).toBe(8 * MiB);
    const saturation = events.filter((type) => ['saturated', 'drained'].includes(type));
    expect(saturation).toEqual(['saturated', 'drained']);
  });

  it('relays through two secured connections, slowed by a reader that holds', async () => {
    const { server: sink, port } = await nodeServer(certificates.server, (socket) => {
      socket.pause();
      setImmediate(() => socket.pipe(socket));
    });
    const front = await serveTls(base, { ...certificates.server, engine }, (client) =>
      base.connect({ host: HOST, port, tls: { ca: certificates.ca, engine } }, (server) =>
        relay(client, server),
      ),
    );
    const bytes = Buffer.alloc(8 * MiB, 'relayed in both directions. ');
    const echoed = base.connect(
      { host: HOST, port: front.port, tls: { ca: certificates.ca, engine } },
      (conn) => {
        conn.next(bytes);
        conn.complete();
        return conn.pipe(reduce((hash, chunk) => hash.update(chunk), createHash('sha256')));
      },
    );
    expect((await lastValueFrom(echoed)).digest('hex')).toBe(
      createHash('sha256').update(bytes).digest('hex'),
    );
    sink.close();
  });

  it('sends a file through encryption, byte for byte, behind and before what is written', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tls-'));
    const path = join(folder, 'file');
    const bytes = pattern(3_000_001);
    writeFileSync(path, bytes);
    const [client, server] = await joined();
    const received = firstValueFrom(server.pipe(toArray()));
    client.next('head');
    const sent = lastValueFrom(client.sendFile(path));
    client.next('tail');
    expect(await sent).toBe(bytes.length);
    client.complete();
    const all = Buffer.concat([Buffer.from('head'), bytes, Buffer.from('tail')]);
    expect(Buffer.concat(await received).equals(all)).toBe(true);
    rmSync(folder, { recursive: true });
  });

  it('T2: resets where a file has become shorter while it was encrypted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tls-'));
    const path = join(folder, 'file');
    writeFileSync(path, Buffer.alloc(8 * MiB));
    const [client, server] = await joined();
    const sent = lastValueFrom(client.sendFile(path).pipe(tap(() => truncateSync(path, 1000))));
    const received = lastValueFrom(server);
    expect(await Promise.allSettled([sent, received])).toMatchObject([
      { reason: { code: 'EIO', syscall: 'sendfile' } },
      { reason: { code: 'ECONNRESET' } },
    ]);
    rmSync(folder, { recursive: true });
  });

  it('limits the rate of what it secures', async () => {
    const [client, server] = await joined({
      rateLimit: { readBytesPerSecond: 20 * MiB, writeBytesPerSecond: 20 * MiB },
    });
    const received = firstValueFrom(server.pipe(reduce((sum, { length }) => sum + length, 0)));
    client.next(Buffer.alloc(2 * MiB));
    client.complete();
    expect(await received).toBe(2 * MiB);
  });

  it('ends half by half, and both ends are closed in order', async () => {
    const [client, server] = await joined({ allowHalfOpen: true });
    const received = firstValueFrom(server.pipe(toArray()));
    client.next('question');
    client.complete();
    expect(String(Buffer.concat(await received))).toBe('question');
    const answered = firstValueFrom(client.pipe(toArray()));
    server.next('answer');
    server.complete();
    expect(String(Buffer.concat(await answered))).toBe('answer');
    await Promise.all([client, server].map((conn) => firstValueFrom(conn.whenClosed)));
    expect([client.failure, server.failure]).toEqual([undefined, undefined]);
  });

  it.each(['destroy', 'close'] as const)(
    '%s of one that has sent all says goodbye',
    async (how) => {
      const [client, server] = await joined();
      const received = firstValueFrom(server.pipe(toArray()));
      client.next('all');
      await until(() => client.outputBytes === 0);
      client[how]();
      expect(String(Buffer.concat(await received))).toBe('all');
    },
  );

  it('F12: sees the end of a peer while nobody reads, though close_notify lies in front of it', async () => {
    const [client, server] = await joined();
    const ended = firstValueFrom(server.events);
    client.complete();
    expect(await ended).toEqual({ type: 'eof' });
    await firstValueFrom(client.whenClosed);
  });

  it('F12: reports a peer that has gone behind bytes that nobody reads, which stay', async () => {
    const [client, server] = await joined();
    const hangup = firstValueFrom(server.events);
    client.next('last words');
    client.complete();
    expect(await hangup).toMatchObject({ type: 'hangup' });
    expect(String(Buffer.concat(await firstValueFrom(server.pipe(toArray()))))).toBe('last words');
  });

  it('takes an end without close_notify for an error, behind the last byte', async () => {
    const { port, connections } = await serveTls(
      base,
      { ...certificates.server, engine },
      () => NEVER,
    );
    const between = await wire(port);
    const client = connectTls({ host: HOST, port: between.port, ca: certificates.ca });
    client.on('error', () => {});
    client.write('cut');
    const [near, far] = await between.pair;
    await until(() => connections.length === 1);
    const server = connections[0]!;
    const seen: string[] = [];
    const end = new Promise((resolve) => {
      server.subscribe({
        next: (chunk) => seen.push(String(chunk)),
        error: resolve,
        complete: () => {
          resolve('complete');
        },
      });
    });
    await until(() => seen.length === 1);
    near.unpipe(far);
    far.end();
    expect(await end).toMatchObject({ code: 'ERR_TLS_TRUNCATED', syscall: 'read' });
    expect(seen).toEqual(['cut']);
    expect((server.failure as LibeventError).code).toBe('ERR_TLS_TRUNCATED');
    client.destroy();
    between.close();
  });

  it.each(['a record that was changed', 'a record cut short'])('fails by %s', async (what) => {
    const { port, connections, sessionErrors } = await serveTls(
      base,
      { ...certificates.server, engine },
      (conn) => conn,
    );
    const between = await wire(port);
    const client = connectTls({ host: HOST, port: between.port, ca: certificates.ca });
    client.on('error', () => {});
    const [near, far] = await between.pair;
    await once(client, 'secureConnect');
    await until(() => connections.length === 1);
    near.unpipe(far);
    const record = Buffer.concat([
      Buffer.from('1703030020', 'hex'),
      Buffer.alloc(what.endsWith('short') ? 10 : 32),
    ]);
    far.write(record);
    if (what.endsWith('short')) far.end();
    await until(() => sessionErrors.length === 1);
    const code = what.endsWith('short') ? 'ERR_TLS_TRUNCATED' : 'ERR_TLS_PROTOCOL';
    expect(sessionErrors).toMatchObject([{ code, syscall: 'read' }]);
    client.destroy();
    between.close();
  });

  it('T2: resets a connection whose output it has not sent', async () => {
    const [client, server] = await joined();
    const hangup = firstValueFrom(server.events);
    client.next(Buffer.alloc(12 * MiB));
    await until(() => client.outputBytes < 12 * MiB);
    client.destroy();
    expect(await hangup).toMatchObject({ type: 'hangup', error: { code: 'ECONNRESET' } });
    await expect(lastValueFrom(server)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
