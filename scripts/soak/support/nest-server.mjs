// node nest-server.mjs CONCURRENCY|nest: answers 'megabyte' with a text of its own, over libevent or by Nest's own
// transport.
import { ServerTCP } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { LibeventServer } from 'rxjs-libevent/nestjs';

const [, , which] = process.argv;
const address = { host: '127.0.0.1', port: 0 };
const server =
  which === 'nest'
    ? new ServerTCP(address)
    : new LibeventServer({ ...address, concurrency: Number(which) });
let started = 0;
server.addHandler('megabyte', async (id) => {
  started += 1;
  // A text that stands in memory whole.
  return Buffer.alloc(1 << 20, `${id} `).toString('latin1');
});
server.addHandler('started', async () => started);
await new Promise((resolve) => server.listen(resolve));
const listener = server.unwrap();
const { port } = which === 'nest' ? listener.address() : await firstValueFrom(listener.bound);
console.log(`listening on 127.0.0.1:${port}`);
