// node net-relay.mjs --port 0 --to HOST:PORT: what the proxy sample does, with `net` and RxJS as they
// are commonly put together. Nothing notifies the source that the target is full.
import { connect, createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { fromEvent, takeUntil } from 'rxjs';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, to: { type: 'string' } },
});
const [host, port] = values.to.split(':');

const server = createServer({ allowHalfOpen: true }, (client) => {
  const target = connect({ host, port: Number(port), allowHalfOpen: true });
  relay(client, target);
  relay(target, client);
}).listen(Number(values.port), '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});

function relay(from, to) {
  from.on('error', () => to.destroy());
  fromEvent(from, 'data')
    .pipe(takeUntil(fromEvent(from, 'end')))
    .subscribe({ next: (chunk) => to.write(chunk), complete: () => to.end() });
}
