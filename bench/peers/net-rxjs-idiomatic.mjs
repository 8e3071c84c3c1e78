/** The peer "net + RxJS as everybody writes it": `fromEvent`, and a write for each value. */
import { connect, createServer } from 'node:net';
import { Subject, fromEvent, map, takeUntil } from 'rxjs';
import { lines } from './lines.mjs';
import { listenAndAnnounce, parsePeerOptions } from './peer.mjs';
import { rotate } from './rot13.mjs';

const options = parsePeerOptions();
const messages = new Subject();

function chunks(socket) {
  return fromEvent(socket, 'data').pipe(takeUntil(fromEvent(socket, 'close')));
}

function writeTo(socket) {
  return (value) => socket.write(value);
}

const modes = {
  rot13(socket) {
    chunks(socket).pipe(lines(), map(rotate)).subscribe(writeTo(socket));
  },

  echo(socket) {
    chunks(socket).subscribe(writeTo(socket));
  },

  relay(near) {
    const far = connect({ host: options.host, port: options.upstreamPort, noDelay: true });
    fromEvent(far, 'error').subscribe(() => near.destroy());
    fromEvent(far, 'close').subscribe(() => near.destroy());
    fromEvent(near, 'close').subscribe(() => far.destroy());
    chunks(near).subscribe(writeTo(far));
    chunks(far).subscribe(writeTo(near));
  },

  fanout(socket) {
    messages.pipe(takeUntil(fromEvent(socket, 'close'))).subscribe(writeTo(socket));
    chunks(socket).subscribe((chunk) => messages.next(chunk));
    socket.write('\n');
  },

  accept(socket) {
    socket.destroy();
  },
};

const server = createServer({ noDelay: true });
fromEvent(server, 'connection').subscribe((socket) => {
  fromEvent(socket, 'error').subscribe(() => {});
  modes[options.mode](socket);
});
listenAndAnnounce(server, options);
