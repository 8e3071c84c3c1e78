import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { EventBase, type Connection } from 'rxjs-libevent';
import { toDuplex } from 'rxjs-libevent/streams';

const CHUNK = Buffer.alloc(65536, 'chunk');

describe('toDuplex, of a base that JavaScript turns', () => {
  let base: EventBase;
  let conn: Connection;
  let peer: Socket;

  beforeEach(async () => {
    base = new EventBase({ threads: 0 });
    const listener = base.listen({ host: '127.0.0.1' });
    const accepted = firstValueFrom(listener);
    peer = connect({ host: '127.0.0.1', port: (await firstValueFrom(listener.bound)).port });
    await once(peer, 'connect');
    conn = await accepted;
  });

  afterEach(async () => {
    peer.destroy();
    await base.close();
  });

  it('sends what the system takes within the call, and is not saturated', () => {
    let drained = 0;
    conn.drained.subscribe(() => (drained += 1));
    const duplex = toDuplex(conn, { writableHighWaterMark: 1 << 20 });
    for (let count = 0; count < 4; count += 1) duplex.write(CHUNK);
    expect(conn.outputBytes).toBe(0);
    expect([conn.saturated, drained]).toEqual([false, 0]);
  });

  it('gives others a turn, however fast the system takes it', async () => {
    const duplex = toDuplex(conn, { writableHighWaterMark: 1 << 30 });
    peer.resume();
    const chunks = 200;
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 0);
    for (let count = 0; count < chunks; count += 1) duplex.write(CHUNK);
    // The stream keeps the rest: the connection is saturated behind the sixteenth.
    expect(conn.bytesWritten).toBeLessThan(20 * CHUNK.length);
    duplex.end();
    let length = 0;
    for await (const chunk of peer) length += (chunk as Buffer).length;
    clearInterval(counting);
    expect(length).toBe(chunks * CHUNK.length);
    expect(turns).toBeGreaterThan(0);
  });
});
