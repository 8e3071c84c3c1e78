/** The peer "Bun": `Bun.listen` as its best users write it, by chunks or cut into lines. */
import { parsePeerOptions, announce } from './peer.mjs';
import { rotate } from './rot13.mjs';

const LF = 0x0a;
const options = parsePeerOptions();
const members = new Set();

/** What the system has not taken waits, and is written when it drains. */
function write(socket, bytes) {
  if (socket.data.waiting === undefined) {
    const written = socket.write(bytes);
    if (written < bytes.length) socket.data.waiting = bytes.slice(Math.max(written, 0));
  } else socket.data.waiting = Buffer.concat([socket.data.waiting, bytes]);
}

function flush(socket) {
  const { waiting } = socket.data;
  if (waiting === undefined) return;
  socket.data.waiting = undefined;
  write(socket, waiting);
}

function byLine(socket, chunk) {
  const { rest } = socket.data;
  const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
  let start = 0;
  for (let end; (end = bytes.indexOf(LF, start)) >= 0; start = end + 1) {
    rotate(bytes.subarray(start, end));
  }
  socket.data.rest = start < bytes.length ? Buffer.from(bytes.subarray(start)) : undefined;
  if (start > 0) write(socket, bytes.subarray(0, start));
}

const modes = {
  rot13: options.framing === 'lines' ? byLine : (socket, chunk) => write(socket, rotate(chunk)),
  echo: write,
  fanout(_, chunk) {
    for (const member of members) write(member, chunk);
  },
  accept() {},
};

const serve = modes[options.mode];
if (serve === undefined) {
  console.error(`error no mode ${options.mode}`);
  process.exit(1);
}

const server = globalThis.Bun.listen({
  hostname: options.host,
  port: options.port,
  socket: {
    open(socket) {
      socket.data = { waiting: undefined, rest: undefined };
      if (options.mode === 'accept') socket.end();
      if (options.mode !== 'fanout') return;
      members.add(socket);
      write(socket, Buffer.from('\n'));
    },
    data: serve,
    drain: flush,
    close: (socket) => members.delete(socket),
    error() {},
  },
});
announce(server.port);
