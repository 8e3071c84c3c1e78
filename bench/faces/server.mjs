// A server for run.mjs, in a process of its own: KIND OVER. Says where it listens, and on `cpu` how much
// processor time it has had, in µs.
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { firstValueFrom } from 'rxjs';
import { EventBase } from 'rxjs-libevent';
import { toDuplex } from 'rxjs-libevent/streams';
import { CHUNK_BYTES, TOTAL_BYTES } from './sizes.mjs';

const [kind, over] = process.argv.slice(2);
const address = { host: '127.0.0.1', port: 0 };
const threads = over === 'auto' ? 'auto' : Number(over);

const kinds = {
  http() {
    const server = createHttp((_request, response) => response.end('Hello, World!'));
    server.keepAliveTimeout = 0;
    server.emit('listening');
    return (stream) => server.emit('connection', stream);
  },
  out() {
    const chunk = Buffer.alloc(CHUNK_BYTES, 'out');
    return async (stream) => {
      for (let bytes = 0; bytes < TOTAL_BYTES; bytes += CHUNK_BYTES) {
        if (!stream.write(chunk)) await once(stream, 'drain');
      }
      stream.end();
    };
  },
  in() {
    return (stream) => stream.on('data', () => {}).on('end', () => stream.end());
  },
};

const port =
  kind === 'rpc' ? await serveRpc() : await serveStreams(kinds[kind === 'wrk' ? 'http' : kind]());
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpu: user + system });
});
process.send({ port });

async function serveStreams(use) {
  if (over === 'net') {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, use).listen(address);
    await once(server, 'listening');
    return server.address().port;
  }
  const listener = new EventBase({ threads }).listen(address);
  listener.subscribe((conn) => use(toDuplex(conn, { allowHalfOpen: true })));
  return (await firstValueFrom(listener.bound)).port;
}

async function serveRpc() {
  const { ServerTCP } = await import('@nestjs/microservices');
  const { LibeventServer } = await import('rxjs-libevent/nestjs');
  const server =
    over === 'net'
      ? new ServerTCP(address)
      : new LibeventServer({ ...address, base: new EventBase({ threads }) });
  server.addHandler('sum', async (numbers) => numbers.reduce((sum, one) => sum + one));
  await new Promise((resolve) => server.listen(resolve));
  const listener = server.unwrap();
  return over === 'net' ? listener.address().port : (await firstValueFrom(listener.bound)).port;
}
