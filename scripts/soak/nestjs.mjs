// node scripts/soak/nestjs.mjs: a Nest client that asks for 400 answers of 1 MB in one piece and reads none of them,
// then all. The server must start few handlers and stay bounded meanwhile; Nest's own transport beside it.
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setUp } from '../setup/index.mjs';
import { Program } from './support/Program.mjs';
import { check, finish, report } from './support/report.mjs';

const REQUESTS = 400;
const MB = 1 << 20;

setUp();
const program = fileURLToPath(new URL('support/nest-server.mjs', import.meta.url));
await unread('8', 12, 64);
await unread('64', 68, 192);
await unread('nest');
finish();

/** @param most - handlers that may start; without it nothing is asked of the server */
async function unread(which, most, growth) {
  const server = await Program.listening(program, which);
  const to = { port: server.port, host: '127.0.0.1' };
  const socket = connect(to);
  const closed = new Promise((resolve) => socket.on('close', () => resolve('closed')));
  socket.on('error', () => {});
  const before = server.rss;
  server.forgetPeak();
  const asked = Array.from({ length: REQUESTS }, (_, id) => packet('megabyte', id)).join('');
  socket.write(asked);
  socket.pause();
  const started = await settled(to);
  const peak = server.peakRss - before;

  console.log(`\n${which === 'nest' ? "Nest's own" : `concurrency ${which}`}`);
  report('handlers started', started, 'of 400', most);
  report('RSS: before', before, 'MB');
  report('RSS: growth while nobody reads', peak, 'MB', growth);
  let answers = 0;
  let bytes = 0;
  const all = new Promise((resolve) => {
    socket.setEncoding('latin1').on('data', (text) => {
      bytes += text.length;
      answers += text.split('isDisposed').length - 1;
      if (bytes > REQUESTS * MB) resolve('all');
    });
    socket.resume();
  });
  const end = await Promise.race([all, closed]);
  report('answers that arrive', bytes / MB, 'MB');
  if (most !== undefined) check('all of them arrive', end === 'all' && answers >= REQUESTS - 1);
  socket.destroy();
  await server.stop();
}

/** How many handlers have started when that number has stood still. */
async function settled(to) {
  let last = -1;
  for (let same = 0; same < 5;) {
    const now = await startedBy(to);
    same = now === last ? same + 1 : 0;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return last;
}

/** On a connection of its own. */
async function startedBy(to) {
  const socket = connect(to).setEncoding('utf8');
  socket.write(packet('started', 'x'));
  const [text] = await once(socket, 'data');
  socket.destroy();
  return Number(/"response":(\d+)/.exec(text)[1]);
}

function packet(pattern, id) {
  const json = JSON.stringify({ pattern, id: String(id), data: id });
  return `${String(json.length)}#${json}`;
}
