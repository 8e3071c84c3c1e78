// node duplex-server.mjs FILE: over toDuplex, by the first byte that a client sends. `o`: sends it FILE. `i`: takes
// what follows, a piece in each turn, and answers with its sha256.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EventBase } from 'rxjs-libevent';
import { toDuplex } from 'rxjs-libevent/streams';

const [, , file] = process.argv;
const listener = new EventBase().listen({ host: '127.0.0.1', port: 0 });
listener.bound.subscribe(({ port }) => console.log(`listening on 127.0.0.1:${port}`));
listener.subscribe(async (connection) => {
  const duplex = toDuplex(connection, { allowHalfOpen: true });
  await once(duplex, 'readable');
  const way = String(duplex.read(1));
  if (way === 'o') {
    duplex.resume();
    await pipeline(createReadStream(file), duplex);
    return;
  }
  const hash = createHash('sha256');
  const slow = new Writable({
    write(chunk, _encoding, done) {
      hash.update(chunk);
      setImmediate(done);
    },
  });
  duplex.pipe(slow);
  await once(slow, 'finish');
  duplex.end(hash.digest('hex'));
});
