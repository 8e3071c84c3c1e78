// node scripts/soak/sendfile.mjs [MB]: a file of MB megabytes, 1000 by default, to a client that reads it
// slowly. Every byte must arrive, and the server must not grow by 16 MB on the way.
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUp } from '../setup/index.mjs';
import { root } from '../setup/paths.mjs';
import { Program } from './support/Program.mjs';
import { check, finish, report } from './support/report.mjs';

const CHUNK = 1 << 20;
const GROWTH_MB = 16;
/** The client rests for this long after this many bytes: about 100 MB a second at the most. */
const REST_BYTES = 2_000_000;
const REST_MS = 20;

setUp({});
const megabytes = Number(process.argv[2] ?? 1000);
const directory = mkdtempSync(join(tmpdir(), 'sendfile-'));
const file = join(directory, 'content');
const expected = writeContent();

const server = await Program.listening(join(root, 'scripts/soak/support/file-server.mjs'), file);
// The first one warms up: what grows then is code and buffers, which the others use again.
await download(50_000_000);
const before = server.rss;
server.forgetPeak();
const began = performance.now();
const { bytes, digest } = await download(Infinity);
const seconds = (performance.now() - began) / 1000;

console.log(`\n${megabytes} MB by sendFile to a slow client`);
check('every byte arrives (sha256)', digest === expected);
report('received', bytes / 1e6, 'MB');
report('throughput', bytes / 1e6 / seconds, 'MB/s');
report('RSS: before', before, 'MB');
report('RSS: peak growth', server.peakRss - before, 'MB', GROWTH_MB);
await server.stop();
rmSync(directory, { recursive: true });
finish();

function writeContent() {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(CHUNK);
  const descriptor = openSync(file, 'w');
  for (let left = megabytes * 1e6; left > 0; left -= chunk.length) {
    const part = randomFillSync(chunk).subarray(0, Math.min(left, chunk.length));
    hash.update(part);
    writeSync(descriptor, part);
  }
  closeSync(descriptor);
  return hash.digest('hex');
}

/** Reads slowly, and no more than `most` bytes. */
async function download(most) {
  const hash = createHash('sha256');
  const socket = connect(server.port, '127.0.0.1');
  let bytes = 0;
  let rested = 0;
  socket.on('data', (data) => {
    bytes += data.length;
    hash.update(data);
    if (bytes >= most) socket.destroy();
    if (bytes - rested < REST_BYTES) return;
    rested = bytes;
    socket.pause();
    setTimeout(() => socket.resume(), REST_MS);
  });
  await once(socket, 'close');
  return { bytes, digest: hash.digest('hex') };
}
