/** The peer "rxjs-libevent": this library, with any number of threads. */
import { Subject, ignoreElements, map, merge } from 'rxjs';
import { EventBase, lines, sendTo, serve } from 'rxjs-libevent';
import { announce, parsePeerOptions } from './peer.mjs';
import { rot13, rotate } from './rot13.mjs';

const options = parsePeerOptions();
const base = new EventBase({ threads: options.threads });
const messages = new Subject();
const byLine = lines({ eol: 'lf', keepEol: true, encoding: 'buffer' });
const byText = lines({ eol: 'lf', keepEol: true });

const modes = {
  rot13: (conn) =>
    options.strings
      ? conn.pipe(byText, map(rot13), sendTo(conn))
      : conn.pipe(byLine, map(rotate), sendTo(conn)),

  echo: (conn) => conn.pipe(sendTo(conn)),

  relay: (near) =>
    base
      .connect({ host: options.host, port: options.upstreamPort })
      .pipe(serve((far) => merge(near.pipe(sendTo(far)), far.pipe(sendTo(near))))),

  fanout: (conn) => {
    conn.next('\n');
    return merge(
      messages.pipe(sendTo(conn)),
      conn.pipe(
        map((chunk) => messages.next(chunk)),
        ignoreElements(),
      ),
    );
  },

  accept: (conn) => {
    conn.destroy();
    return conn;
  },
};

const listener = base.listen({
  host: options.host,
  port: options.port,
  backlog: 4096,
  ...(options.tls && { tls: options.tls }),
});
listener.bound.subscribe(({ port }) => announce(port, () => ({ stats: base.stats })));
listener.pipe(serve(modes[options.mode])).subscribe({
  error: (error) => {
    console.error(`error ${error.message}`);
    process.exit(1);
  },
});
