// node scripts/soak/rot13.mjs [MB]: a file of lines, 100 MB by default, twice through the rot13 sample with
// nc, and the other way round with socat, with one thread and with two. What comes out must be the file.
import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUp } from '../setup/index.mjs';
import { Program } from './support/Program.mjs';
import { rot13 } from './support/programs.mjs';
import { check, finish, report } from './support/report.mjs';

setUp({ programs: 'samples' });
const megabytes = Number(process.argv[2] ?? 100);
const folder = mkdtempSync(join(tmpdir(), 'soak-rot13-'));
const file = join(folder, 'lines');
const original = await write(file, megabytes * 1e6);

for (const threads of ['1', '2']) {
  const server = await Program.listening(rot13, '--port', '0', '--threads', threads);
  const clients = {
    nc: `nc -N 127.0.0.1 ${server.port}`,
    socat: `socat -t 60 - TCP:127.0.0.1:${server.port}`,
  };
  for (const [name, client] of Object.entries(clients)) {
    const began = performance.now();
    const pipe = `set -o pipefail; ${client} <'${file}' | ${client} | sha256sum | cut -c 1-64`;
    const { code, output } = await Program.run('bash', '-c', pipe);
    const seconds = (performance.now() - began) / 1000;
    check(
      `${name}, ${threads} threads: the same ${megabytes} MB`,
      code === 0 && output.trim() === original,
    );
    report(`${name}, ${threads} threads: rate, both ways at once`, megabytes / seconds, 'MB/s');
  }
  report(`${threads} threads: memory at its most`, server.peakRss, 'MB', 256);
  check(
    `${threads} threads: ends with 0 when it is interrupted`,
    (await server.stop('SIGINT')) === 0,
  );
}
rmSync(folder, { recursive: true });
finish();

/** Lines of every length up to 200, of every byte but LF. Gives the sum. */
async function write(path, bytes) {
  const block = Buffer.alloc(1 << 20);
  for (let at = 0, line = 0; at < block.length; line += 1) {
    const end = Math.min(block.length, at + ((line * 37) % 200) + 1);
    for (; at < end - 1; at += 1) block[at] = (at * 31 + line) & 0xff || 1;
    block[at] = 10;
    at += 1;
  }
  const hash = createHash('sha256');
  const stream = createWriteStream(path);
  for (let left = bytes; left > 0; left -= block.length) {
    const part = block.subarray(0, Math.min(left, block.length));
    hash.update(part);
    if (!stream.write(part)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
  return hash.digest('hex');
}
