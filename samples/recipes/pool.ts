/**
 * Few connections for many clients: each line of a client is asked of a server that answers a line with
 * a line, on a connection of a pool.
 */
import { defer, first, map } from 'rxjs';
import { type Connection, concatMapHeld, lines, sendTo } from 'rxjs-libevent';
import { Pool } from '../pipelines/Pool';
import { hostAndPort } from '../support/hostAndPort';
import { serverCommand, type ServerOptions, wholeNumber } from '../support/serverOptions';
import { Site } from '../support/Site';

interface PoolOptions extends ServerOptions {
  readonly to: ReturnType<typeof hostAndPort>;
  readonly size: number;
}

const options = serverCommand('pool', 'Asks a server on behalf of many clients.')
  .requiredOption('--to <host:port>', 'server', hostAndPort)
  .option('--size <number>', 'connections to it', wholeNumber(1, 1000), 2)
  .parse()
  .opts<PoolOptions>();
const site = new Site(options);
const pool = new Pool(site.base.connect({ ...options.to, readTimeoutMs: 5000 }), options.size);

const ask = (question: string) => (server: Connection) =>
  defer(() => {
    server.next(`${question}\n`);
    return server.pipe(lines(), first());
  });

site.serve(
  (client) =>
    client.pipe(
      lines(),
      // The client is held while its question waits for a connection, and for its answer.
      concatMapHeld((question) => pool.use(ask(question))),
      map((answer) => `${answer}\n`),
      sendTo(client),
    ),
  () => pool.close(),
);
