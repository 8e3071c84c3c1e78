import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Socket } from 'node:net';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Connection } from 'rxjs-libevent';
import { toDuplex } from 'rxjs-libevent/streams';
import { Loopback } from '../flow-on-sockets/support/Loopback';
import { sha256Of } from '../flow-on-sockets/support/sha256';
import { fileOf, removeFiles } from './support/fileOf';

const BYTES = 64 << 20;
/** What the marks of a connection and of the streams on both sides allow, with a piece of each. */
const MOST_HELD_BYTES = 512 * 1024;

/** Takes one piece a turn, and looks at what is held meanwhile. */
class SlowHash extends Writable {
  readonly hash = createHash('sha256');

  constructor(private readonly look: () => void) {
    super({ highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.hash.update(chunk);
    this.look();
    setImmediate(done);
  }
}

describe('toDuplex, 64 MB', () => {
  let loopback: Loopback;
  let conn: Connection;
  let peer: Socket;
  let file: Awaited<ReturnType<typeof fileOf>>;

  beforeAll(async () => {
    file = await fileOf(BYTES);
  });

  afterAll(removeFiles);

  beforeEach(async () => {
    loopback = await Loopback.open();
    ({ conn, peer } = await loopback.pair());
  });

  afterEach(() => loopback.close());

  it('to a peer that stops reading: waits there, bounded, and arrives whole', async () => {
    const duplex = toDuplex(conn);
    let taken = 0;
    const count = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        taken += chunk.length;
        done(null, chunk);
      },
    });
    const sent = pipeline(createReadStream(file.path), count, duplex);
    const held = (): number => taken - (conn.bytesWritten - conn.outputBytes);
    while (!conn.saturated) await new Promise(setImmediate);
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    expect(held()).toBeLessThan(MOST_HELD_BYTES);
    expect(conn.saturated).toBe(true);
    const hash = sha256Of(peer);
    let most = 0;
    const looking = setInterval(() => (most = Math.max(most, held())), 1);
    await sent;
    clearInterval(looking);
    expect(await hash).toBe(file.sha256);
    expect(most).toBeLessThan(MOST_HELD_BYTES);
    expect(taken).toBe(BYTES);
  });

  it('from a peer to a slow end: the peer waits, and it arrives whole', async () => {
    const duplex = toDuplex(conn);
    let most = 0;
    let read = 0;
    const slow = new SlowHash(() => {
      most = Math.max(most, conn.bytesRead - read);
    });
    const count = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        read += chunk.length;
        done(null, chunk);
      },
    });
    await Promise.all([pipeline(createReadStream(file.path), peer), pipeline(duplex, count, slow)]);
    expect(slow.hash.digest('hex')).toBe(file.sha256);
    expect(most).toBeLessThan(MOST_HELD_BYTES);
  });

  it('through it and back, held by its own peer', async () => {
    const duplex = toDuplex(conn, { allowHalfOpen: true });
    let most = 0;
    const slow = new SlowHash(() => {
      most = Math.max(most, conn.bytesRead - (conn.bytesWritten - conn.outputBytes));
    });
    await Promise.all([
      pipeline(duplex, duplex),
      pipeline(createReadStream(file.path), peer),
      pipeline(peer, slow),
    ]);
    expect(slow.hash.digest('hex')).toBe(file.sha256);
    expect(most).toBeLessThan(MOST_HELD_BYTES);
  });
});
