/** The peer "net": Node's sockets without RxJS, one write for what one chunk brought; with TLS, `node:tls`. */
import { connect, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { listenAndAnnounce, parsePeerOptions } from './peer.mjs';
import { rotate } from './rot13.mjs';

const LF = 0x0a;
const options = parsePeerOptions();
const members = new Set();

/** Writes, and stops reading while the socket has more than it wants. */
function answer(socket, bytes) {
  if (socket.write(bytes)) return;
  socket.pause();
  socket.once('drain', () => socket.resume());
}

const modes = {
  rot13(socket) {
    let rest = null;
    socket.on('data', (chunk) => {
      const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end; (end = bytes.indexOf(LF, start)) >= 0; start = end + 1) {
        rotate(bytes.subarray(start, end));
      }
      rest = start < bytes.length ? bytes.subarray(start) : null;
      if (start > 0) answer(socket, bytes.subarray(0, start));
    });
  },

  echo(socket) {
    socket.pipe(socket);
  },

  relay(near) {
    const far = connect({ host: options.host, port: options.upstreamPort, noDelay: true });
    far.on('error', () => near.destroy());
    far.on('close', () => near.destroy());
    near.on('close', () => far.destroy());
    near.pipe(far).pipe(near);
  },

  fanout(socket) {
    members.add(socket);
    socket.on('close', () => members.delete(socket));
    socket.on('data', (chunk) => {
      for (const member of members) member.write(chunk);
    });
    socket.write('\n');
  },

  accept(socket) {
    socket.destroy();
  },
};

const serve = modes[options.mode];
const take = (socket) => {
  socket.on('error', () => {});
  serve(socket);
};
const server =
  options.tls === undefined
    ? createServer({ noDelay: true }, take)
    : createTlsServer({ noDelay: true, ...options.tls }, take);
listenAndAnnounce(server, options);
