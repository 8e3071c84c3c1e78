/**
 * UDP beside TCP: a gateway. What comes as a datagram goes to every client, a line each; the lines of
 * clients go out as datagrams. `nc -u 127.0.0.1 PORT` on one side, `nc 127.0.0.1 40713` on the other.
 */
import { createSocket } from 'node:dgram';
import { bindNodeCallback, fromEvent, ignoreElements, map, merge, share } from 'rxjs';
import { concatMapHeld, lines, sendTo } from 'rxjs-libevent';
import { hostAndPort } from '../support/hostAndPort';
import { serverCommand, type ServerOptions, wholeNumber } from '../support/serverOptions';
import { Site } from '../support/Site';

interface UdpOptions extends ServerOptions {
  readonly udpPort: number;
  readonly to: ReturnType<typeof hostAndPort>;
}

const options = serverCommand('udp', 'Datagrams to lines, and lines to datagrams.')
  .option('--udp-port <number>', 'where datagrams come in', wholeNumber(0, 65535), 40714)
  .requiredOption('--to <host:port>', 'where datagrams go', hostAndPort)
  .parse()
  .opts<UdpOptions>();
const { to } = options;
const site = new Site(options);
const socket = createSocket('udp4');
const send = bindNodeCallback((datagram: string, done: (error: Error | null) => void) =>
  socket.send(`${datagram}\n`, to.port, to.host, done),
);
const datagrams = fromEvent(socket, 'message').pipe(
  map((event) => (Array.isArray(event) ? String(event[0]) : '')),
  share(),
);

socket.bind(options.udpPort, options.host, () => {
  console.log(`datagrams at ${options.host}:${String(socket.address().port)}`);
});
// The clients keep the process alive, and the listener.
socket.unref();

site.serve((conn) =>
  merge(
    // Nobody can hold a network that drops: who does not keep up misses some.
    datagrams.pipe(
      map((text) => `${text.trimEnd()}\n`),
      sendTo(conn, { whenSaturated: 'drop' }),
    ),
    // The client is held until the system has taken each of its datagrams.
    conn.pipe(
      lines({ maxLength: 1400 }),
      concatMapHeld((line) => send(line)),
      ignoreElements(),
    ),
  ),
);
