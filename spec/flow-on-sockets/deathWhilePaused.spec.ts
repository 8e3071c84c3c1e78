import { once } from 'node:events';
import { filter, firstValueFrom, map } from 'rxjs';
import type { Connection } from 'rxjs-libevent';
import { Loopback } from './support/Loopback';
import { atRest } from './support/passesMeanwhile';

interface Ending {
  readonly bytes: string;
  readonly end: string;
}

/** Reads until the end, and returns how it came. */
function readAll(conn: Connection): Promise<Ending> {
  let bytes = '';
  return new Promise((resolve) => {
    conn.subscribe({
      next: (chunk) => (bytes += String(chunk)),
      error: ({ code }: { code: string }) => {
        resolve({ bytes, end: code });
      },
      complete: () => {
        resolve({ bytes, end: 'complete' });
      },
    });
  });
}

function hangup(conn: Connection): Promise<string> {
  return firstValueFrom(
    conn.events.pipe(
      filter((event) => event.type === 'hangup'),
      map(({ error }) => error?.code ?? 'FIN'),
    ),
  );
}

describe('A peer that dies while its connection is paused', () => {
  let loopback: Loopback;

  beforeEach(async () => {
    loopback = await Loopback.open();
  });

  afterEach(() => loopback.close());

  it.each([
    ['FIN', 'complete'],
    ['ECONNRESET', 'ECONNRESET'],
  ])('%s is seen with bytes unread, and these come first', async (code, end) => {
    const { conn, peer } = await loopback.pair();
    const ending = readAll(conn);
    peer.write('a');
    await firstValueFrom(conn);
    const release = conn.hold('not now');
    const seen = hangup(conn);
    // The hold has reached the reactor, and the bytes the socket, before the end comes.
    await atRest(loopback.base);
    peer.write('last words');
    await atRest(loopback.base);
    if (code === 'FIN') peer.end();
    else peer.resetAndDestroy();
    await expect(seen).resolves.toBe(code);
    expect(conn.inputBytes).toBe(0);
    release();
    await expect(ending).resolves.toEqual({ bytes: 'alast words', end });
  });

  it.each([
    ['FIN', 'complete'],
    ['RST', 'ECONNRESET'],
  ])('%s is seen when nothing is unread', async (kind, end) => {
    const { conn, peer } = await loopback.pair();
    const ending = readAll(conn);
    peer.write('a');
    await firstValueFrom(conn);
    const release = conn.hold('not now');
    const seen = firstValueFrom(conn.events.pipe(map(({ type }) => type)));
    if (kind === 'FIN') peer.end();
    else peer.resetAndDestroy();
    await expect(seen).resolves.toBe(kind === 'FIN' ? 'eof' : 'error');
    release();
    await expect(ending).resolves.toEqual({ bytes: 'a', end });
  });

  it('is seen by each of 200, which cost nothing until then', async () => {
    const count = 200;
    const ends = await Promise.all(Array.from({ length: count }, () => loopback.pair()));
    const endings = ends.map(({ conn }) => readAll(conn));
    const releases = ends.map(({ conn }) => conn.hold('not now'));
    await atRest(loopback.base);
    for (const { peer } of ends) peer.write('unread');
    await atRest(loopback.base);

    const seen = ends.map(({ conn }) => hangup(conn));
    ends.forEach(({ peer }, index) => {
      if (index % 2 === 0) peer.end();
      else peer.resetAndDestroy();
    });
    const codes = await Promise.all(seen);
    expect(codes.filter((code) => code === 'FIN')).toHaveLength(count / 2);
    expect(codes.filter((code) => code === 'ECONNRESET')).toHaveLength(count / 2);
    await atRest(loopback.base);

    for (const release of releases) release();
    const all = await Promise.all(endings);
    expect(all.filter(({ bytes }) => bytes === 'unread')).toHaveLength(count);
    expect(all.filter(({ end }) => end === 'complete')).toHaveLength(count / 2);
  });

  it('is seen by a connection that nobody reads', async () => {
    const { conn, peer } = await loopback.pair();
    const closed = once(peer, 'close');
    const seen = firstValueFrom(conn.events);
    peer.resetAndDestroy();
    await closed;
    expect((await seen).type).toBe('error');
  });
});
