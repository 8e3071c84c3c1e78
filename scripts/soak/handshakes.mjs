// node scripts/soak/handshakes.mjs [COUNT]: COUNT handshakes of TLS, 100,000 by default, by two bases of
// this process, in turn full, resumed, and refused by the client. Afterwards there must be the descriptors
// that there were before, and memory must not grow by more than 16 MB in the second half.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { firstValueFrom } from 'rxjs';
import { EventBase, sendTo, serve } from 'rxjs-libevent';
import { descriptors, surplus } from '../fuzz/run/system.mjs';
import { setUp } from '../setup/index.mjs';
import { root } from '../setup/paths.mjs';
import { check, finish, report } from './support/report.mjs';

const AT_ONCE = 20;
const WARM_UP = 5000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

setUp({ programs: 'samples' });
const { selfSigned } = createRequire(import.meta.url)(
  join(root, '.build/samples/support/selfSigned.js'),
);
const { key, cert } = selfSigned();
const host = '127.0.0.1';
const count = Number(process.argv[2] ?? 100_000);

const [server, client] = [new EventBase(), new EventBase({ threads: 1 })];
const listener = server.listen({ host, tls: { key, cert } });
let refused = 0;
listener.handshakeErrors.subscribe(() => (refused += 1));
const serving = listener.pipe(serve((conn) => conn.pipe(sendTo(conn)))).subscribe();
const { port } = await firstValueFrom(listener.bound);
const counts = { full: 0, resumed: 0, refused: 0, other: 0 };
let session;

// Node opens what it writes with at its first word.
console.log('  warming up');
await batch(WARM_UP);
Object.assign(counts, { full: 0, resumed: 0, refused: 0, other: 0 });
refused = 0;
const before = { descriptors: descriptors(), memory: memory() };
const quarters = [];
for (let quarter = 1; quarter <= 4; quarter += 1) {
  await batch(Math.ceil(count / 4));
  quarters.push(memory() - before.memory);
}
check(`${count} handshakes have ended as they should`, counts.other === 0);
console.log(`  full ${counts.full}, resumed ${counts.resumed}, refused ${counts.refused}`);
const grown = quarters.map((bytes) => bytes.toFixed(1)).join(', ');
console.log(`  memory behind each quarter, above that of the first ${WARM_UP}: ${grown} MB`);
// The first half brings the heap to its size.
report('growth in the second half', quarters[3] - quarters[1], 'MB', 16);
// Closed by the client is not yet closed by the server: one more round trip comes after it.
for (let round = 0; round < 50 && left() !== ''; round += 1) await batch(1);
check(`no descriptors are left ${left()}`, left() === '');
check('the server has heard of each refusal', refused === counts.refused);
serving.unsubscribe();
await Promise.all([server.close(), client.close()]);
finish();

async function batch(handshakes) {
  let begun = 0;
  const chain = async () => {
    while (begun < handshakes) await one((begun += 1));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, chain));
}

async function one(index) {
  const refuses = index % 10 === 0;
  const resumes = index % 3 !== 0 && session !== undefined;
  try {
    const conn = await client.open({
      host,
      port,
      tls: { ca: refuses ? [] : cert, servername: 'localhost', ...(resumes ? { session } : {}) },
    });
    conn.next('.');
    await firstValueFrom(conn);
    counts[conn.tls.resumed ? 'resumed' : 'full'] += 1;
    ({ session } = conn.tls);
    conn.complete();
    await firstValueFrom(conn.whenClosed);
  } catch (error) {
    counts[refuses && error.syscall === 'handshake' ? 'refused' : 'other'] += 1;
  }
}

function left() {
  return surplus(before.descriptors, descriptors());
}

/** In MB, without what waits for a collection. */
function memory() {
  collect();
  collect();
  return process.memoryUsage().rss / 2 ** 20;
}
