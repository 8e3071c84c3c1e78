// node scripts/soak/dead-reader.mjs [GUESTS]: the chat sample with guests of whom one has stopped reading, 100 by
// default. The others must hear every line; the dead one is dropped or closed, as configured.
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setUp } from '../setup/index.mjs';
import { root } from '../setup/paths.mjs';
import { Program } from './support/Program.mjs';
import { check, finish, report } from './support/report.mjs';

const LINES = 500;
const LINE = 'x'.repeat(32_000);
/** The marks of the dead reader's output, one line and the slack of a run. */
const GROWTH_MB = 64;

setUp({ programs: 'samples' });
const count = Number(process.argv[2] ?? 100);
for (const policy of ['drop', 'close']) await soak(policy);
finish();

async function soak(policy) {
  console.log(`\nchat with one dead reader among ${count}: ${policy}`);
  const sample = join(root, '.build/samples/chat.js');
  const chat = await Program.listening(sample, '--port', '0', '--when-saturated', policy);
  const guests = [];
  for (let index = 0; index < count; index += 1) guests.push(await joined(chat.port));
  const [dead, speaker, ...others] = guests;
  dead.socket.pause();
  const deadEnded = once(dead.socket, 'close');
  // Alive and reading, so that what the chat sends once is in its memory already.
  await say(0, 20);
  const before = chat.rss;
  chat.forgetPeak();
  const began = performance.now();
  await say(20, LINES);
  const seconds = (performance.now() - began) / 1000;

  check('the others hear every line, in order', [speaker, ...others].every(complete));
  report('delivered', ((LINES - 20) * LINE.length * (count - 1)) / 1e6 / seconds, 'MB/s');
  report('RSS: peak growth', chat.peakRss - before, 'MB', GROWTH_MB);
  if (policy === 'drop') {
    // What it has not been spared is still to be read; then the chat says what it has missed.
    dead.socket.resume();
    dead.socket.end();
    await deadEnded;
    check(
      'the dead one has missed lines',
      dead.lines < LINES && /missed \d+ lines/.test(chat.errors),
    );
  } else {
    check('the dead one has been closed', /ERR_SATURATED/.test(chat.errors));
  }
  for (const { socket } of guests) socket.destroy();
  await chat.stop('SIGINT');

  async function say(from, to) {
    for (let index = from; index < to; index += 1) {
      speaker.socket.write(`${index} ${LINE}\n`);
      // The slowest of the living sets the pace, or it would be the next to miss something.
      await Promise.all([speaker, ...others].map((guest) => guest.heard(index + 1)));
    }
  }
}

/** Has joined once it hears itself. */
async function joined(port) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const guest = { socket, lines: 0, inOrder: true, heard };
  let welcome = false;
  let rest = Buffer.alloc(0);
  let wake = () => {};
  socket.on('data', (data) => {
    rest = Buffer.concat([rest, data]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      take(rest.toString('latin1', 0, Math.min(end, 40)));
      rest = rest.subarray(end + 1);
    }
    wake();
  });
  await once(socket, 'connect');
  socket.write('hello\n');
  await until(() => welcome);
  return guest;

  function take(line) {
    const [, name, number] = /^guest-(\d+): (?:hello|(\d+) x*)$/.exec(line);
    if (number === undefined) {
      welcome ||= Number(name) === socket.localPort;
      return;
    }
    guest.inOrder &&= Number(number) === guest.lines;
    guest.lines += 1;
  }

  async function until(condition) {
    while (!condition()) {
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  }

  function heard(lines) {
    return until(() => guest.lines >= lines);
  }
}

function complete({ lines, inOrder }) {
  return lines === LINES && inOrder;
}
