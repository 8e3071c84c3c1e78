/**
 * The peer "net + RxJS corked by hand": what one chunk brings about leaves in one write, and a source is
 * paused while its sink has more than it wants.
 */
import { connect, createServer } from 'node:net';
import { Observable, Subject, fromEvent, map, takeUntil } from 'rxjs';
import { lines } from './lines.mjs';
import { listenAndAnnounce, parsePeerOptions } from './peer.mjs';
import { rotate } from './rot13.mjs';

const options = parsePeerOptions();
const messages = new Subject();

/** The chunks of `source`; while one is handled, `sink` is corked. */
function chunks(source, sink) {
  return new Observable((subscriber) => {
    const resume = () => source.resume();
    const onData = (chunk) => {
      sink.cork();
      subscriber.next(chunk);
      sink.uncork();
      if (sink.writableNeedDrain) {
        source.pause();
        sink.once('drain', resume);
      }
    };
    source.on('data', onData);
    return () => {
      source.off('data', onData);
      sink.off('drain', resume);
    };
  }).pipe(takeUntil(fromEvent(source, 'close')));
}

const modes = {
  rot13(socket) {
    chunks(socket, socket)
      .pipe(lines(), map(rotate))
      .subscribe((line) => socket.write(line));
  },

  echo(socket) {
    chunks(socket, socket).subscribe((chunk) => socket.write(chunk));
  },

  relay(near) {
    const far = connect({ host: options.host, port: options.upstreamPort, noDelay: true });
    far.on('error', () => near.destroy());
    far.on('close', () => near.destroy());
    near.on('close', () => far.destroy());
    chunks(near, far).subscribe((chunk) => far.write(chunk));
    chunks(far, near).subscribe((chunk) => near.write(chunk));
  },

  fanout(socket) {
    const closed = fromEvent(socket, 'close');
    messages.pipe(takeUntil(closed)).subscribe((chunk) => socket.write(chunk));
    fromEvent(socket, 'data')
      .pipe(takeUntil(closed))
      .subscribe((chunk) => messages.next(chunk));
    socket.write('\n');
  },

  accept(socket) {
    socket.destroy();
  },
};

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  modes[options.mode](socket);
});
listenAndAnnounce(server, options);
