// node scripts/soak/duplex.mjs [MB]: a file each way through toDuplex, 500 MB by default, with a slow end. Every byte
// must arrive, and the server must not grow by more than 32 MB.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from '../setup/index.mjs';
import { Program } from './support/Program.mjs';
import { check, finish, report } from './support/report.mjs';

const PIECE = 1 << 20;
const GROWTH_MB = 32;

setUp();
const pieces = Math.ceil((Number(process.argv[2] ?? 500) * 1e6) / PIECE);
const folder = mkdtempSync(join(tmpdir(), 'rxjs-libevent-duplex-'));
const file = join(folder, 'bytes');
const sha256 = write(pieces);
const program = fileURLToPath(new URL('support/duplex-server.mjs', import.meta.url));

await transfer('to a client that reads a piece in each turn', 'o', read);
await transfer('from a client to a server that takes a piece in each turn', 'i', send);
rmSync(folder, { recursive: true });
finish();

/** Each way has a server of its own: what it grows by is not what the other has left. */
async function transfer(name, way, run) {
  const server = await Program.listening(program, file);
  await run(server.port, way);
  const before = server.rss;
  server.forgetPeak();
  console.log(`\n${String((pieces * PIECE) / 1e6)} MB ${name}`);
  check('every byte arrives (sha256)', (await run(server.port, way)) === sha256);
  report('RSS: before', before, 'MB');
  report('RSS: peak growth', server.peakRss - before, 'MB', GROWTH_MB);
  await server.stop();
}

/** What the server sends. */
async function read(port, way) {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.end(way);
  const hash = createHash('sha256');
  for await (const chunk of socket) {
    hash.update(chunk);
    await new Promise(setImmediate);
  }
  return hash.digest('hex');
}

/** What the server says of what it has got. */
async function send(port, way) {
  const socket = connect({ port, host: '127.0.0.1' }).setEncoding('latin1');
  socket.write(way);
  createReadStream(file).pipe(socket);
  let answer = '';
  socket.on('data', (text) => (answer += text));
  await once(socket, 'end');
  return answer;
}

function write(count) {
  const hash = createHash('sha256');
  const fd = openSync(file, 'w');
  for (let written = 0; written < count; written += 1) {
    const piece = randomBytes(PIECE);
    hash.update(piece);
    writeSync(fd, piece);
  }
  return hash.digest('hex');
}
