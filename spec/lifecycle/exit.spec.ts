import { atMost } from '../support/atMost';
import { runChild, Child } from './support/Child';

/** A server with traffic on it, and its own clients of `node:net`, as text for a child. */
const underLoad = (threads: number): string => `
  const net = require('node:net');
  const { firstValueFrom, map } = require('rxjs');
  const { EventBase, lines, sendTo, serve } = require('rxjs-libevent');
  const base = new EventBase({ threads: ${threads.toString()} });
  const listener = base.listen({ host: '127.0.0.1' });
  const served = listener
    .pipe(serve((conn) => conn.pipe(lines(), map((line) => line + '\\n'), sendTo(conn)), { onError: () => {} }))
    .subscribe({ error: (error) => { throw error; } });
  const clients = [];
  const underLoad = firstValueFrom(listener.bound).then(({ port }) => new Promise((resolve) => {
    let answered = 0;
    for (let index = 0; index < 20; index += 1) {
      const client = net.connect(port, '127.0.0.1');
      clients.push(client);
      const ask = () => client.write('x'.repeat(1000).concat('\\n').repeat(50));
      client.on('error', () => {});
      client.on('connect', ask);
      client.once('data', () => { if ((answered += 1) === 20) resolve(); });
      client.on('data', ask);
    }
  }));
  const fds = () => require('node:fs').readdirSync('/proc/self/fd').length;
  const tasks = () => require('node:fs').readdirSync('/proc/self/task')
    .filter((id) => require('node:fs').readFileSync('/proc/self/task/' + id + '/comm', 'utf8') === 'libevent\\n').length;
`;

const clean = { code: 0, signal: null, stderr: '' };

describe('the end of a process', () => {
  it.each([1, 2])('by process.exit() under load, with %p threads', async (threads) => {
    const ended = await runChild(`${underLoad(threads)} underLoad.then(() => process.exit(7));`);
    expect(ended).toMatchObject({ ...clean, code: 7 });
  });

  it('by process.exit() inside next', async () => {
    const ended = await runChild(
      `${underLoad(1)} listener.subscribe(); underLoad.then(() => {
        const other = base.listen({ host: '127.0.0.1' });
        other.subscribe((conn) => conn.subscribe(() => process.exit(7)));
        other.bound.subscribe(({ port }) => net.connect(port, '127.0.0.1').write('now'));
      });`,
    );
    expect(ended).toMatchObject({ ...clean, code: 7 });
  });

  it('by an uncaught throw in a subscriber: code 1, with the error', async () => {
    const ended = await runChild(
      `${underLoad(1)} underLoad.then(() => {
        base.listen({ host: '127.0.0.1' }).pipe((source) => {
          source.bound.subscribe(({ port }) => net.connect(port, '127.0.0.1'));
          return source;
        }).subscribe(() => { throw new Error('in a subscriber'); });
      });`,
    );
    expect(ended).toMatchObject({ code: 1, signal: null });
    expect(ended.stderr).toContain('Error: in a subscriber');
  });

  it('not at all, where uncaught errors are handled: everybody else goes on', async () => {
    const ended = await runChild(
      `${underLoad(1)}
      const { Subscriber } = require('rxjs');
      process.on('uncaughtException', (error) => console.log(error.message));
      underLoad.then(() => {
        const other = base.listen({ host: '127.0.0.1' });
        let chunks = 0;
        // A raw subscriber: RxJS does not catch what it throws, the drain of the ring gets it.
        class Thrower extends Subscriber {
          _next() { chunks += 1; throw new Error('raw ' + chunks); }
        }
        other.subscribe((conn) => conn.subscribe(new Thrower()));
        other.bound.subscribe(({ port }) => {
          const client = net.connect(port, '127.0.0.1');
          client.write('1');
          process.once('uncaughtException', () => {
            const seen = new Set();
            for (const client of clients) client.on('data', () => {
              if (seen.add(client).size === clients.length) process.exit(0);
            });
          });
        });
      });`,
    );
    expect(ended).toMatchObject({ ...clean, stdout: 'raw 1\n' });
  });

  it('by itself, once nothing is left to do', async () => {
    const ended = await runChild(
      `${underLoad(2)} underLoad.then(() => {
        served.unsubscribe();
        for (const client of clients) client.destroy();
      });`,
    );
    expect(ended).toMatchObject(clean);
  });

  it('at once, for a base that was never used', async () => {
    expect(
      await runChild(`new (require('rxjs-libevent').EventBase)({ threads: 8 });`),
    ).toMatchObject(clean);
  });

  it('by SIGTERM, as without this library', async () => {
    const child = new Child(`${underLoad(1)} underLoad.then(() => console.log('busy'));`);
    await child.line();
    child.process.kill('SIGTERM');
    expect(await child.ended()).toMatchObject({ code: null, signal: 'SIGTERM', stderr: '' });
  });
});

describe('event_base_free: EventBase.close', () => {
  it('frees every descriptor and thread, with 300 connections and traffic on them', async () => {
    const ended = await runChild(
      `${underLoad(2)}
      const baseline = fds();
      const count = ${atMost(300)};
      let left = count;
      underLoad.then(() => firstValueFrom(listener.bound)).then(({ port }) => {
        for (let index = 0; index < count; index += 1) {
          net.connect(port, '127.0.0.1', () => {
            left -= 1;
            if (left === 0) close();
          }).on('error', () => {}).on('close', () => { left += 1; if (left === count) check(); })
            .write('x'.repeat(100));
        }
      });
      const { once } = require('node:events');
      let closed;
      const close = () => { closed = base.close(); };
      const check = async () => {
        await closed;
        console.log(JSON.stringify({ tasks: tasks(), same: base.close() === base.close() }));
        for (const client of clients) client.destroy();
        // Descriptors of the clients close in a turn of their own.
        const look = () => fds() > baseline ? setImmediate(look) : console.log('no descriptor left');
        look();
      };
`,
    );
    expect(ended).toMatchObject(clean);
    expect(ended.stdout.split('\n')).toEqual(['{"tasks":0,"same":true}', 'no descriptor left', '']);
  });

  it('frees everything when it is called inside next, with accepted sockets under way', async () => {
    const ended = await runChild(
      `const before = require('node:fs').readdirSync('/proc/self/fd').length;
      ${underLoad(2)}
      const idle = fds();
      underLoad.then(async () => {
        served.unsubscribe();
        const other = base.listen({ host: '127.0.0.1' });
        let count = 0;
        const done = new Promise((resolve) => other.subscribe({
          next: (conn) => {
            conn.subscribe();
            count += 1;
            if (count === 100) resolve(base.close());
          },
          complete: () => console.log('complete'),
        }));
        const { port } = await firstValueFrom(other.bound);
        const more = Array.from({ length: 300 }, () => net.connect(port, '127.0.0.1').on('error', () => {}));
        await done;
        for (const client of [...clients, ...more]) client.destroy();
        const look = () => fds() > before + 3 ? setImmediate(look) : console.log('no descriptor left', tasks());
        look();
      });`,
    );
    expect(ended).toMatchObject({ ...clean, stdout: 'complete\nno descriptor left 0\n' });
  });

  it('can be called twice, again inside its own callbacks, and before anything is bound', async () => {
    const ended = await runChild(
      `const { EventBase } = require('rxjs-libevent');
      const base = new EventBase();
      base.listen({ port: 0 }).subscribe({ complete: () => {
        console.log('complete', base.closed, base.close() === promise());
      } });
      let closing;
      const promise = () => base.close();
      closing = base.close();
      closing.then(() => base.close()).then(() => console.log('closed'));`,
    );
    expect(ended).toMatchObject({ ...clean, stdout: 'complete true true\nclosed\n' });
  });

  it('lets output leave within its deadline', async () => {
    const ended = await runChild(
      `const net = require('node:net');
      const { EventBase } = require('rxjs-libevent');
      const base = new EventBase();
      const listener = base.listen({ host: '127.0.0.1' });
      const bytes = Buffer.alloc(8 * 1024 * 1024, 'x');
      listener.subscribe((conn) => {
        conn.next(bytes);
        base.close(10000).then(() => console.log('closed'));
      });
      listener.bound.subscribe(({ port }) => {
        let got = 0;
        net.connect(port, '127.0.0.1')
          .on('data', (chunk) => { got += chunk.length; })
          .on('end', () => console.log(got === bytes.length ? 'whole' : got));
      });`,
    );
    expect(ended).toMatchObject({ ...clean, stdout: 'whole\nclosed\n' });
  });

  it('keeps its deadline where a connection has a later one', async () => {
    const ended = await runChild(
      `const net = require('node:net');
      const { EventBase } = require('rxjs-libevent');
      const base = new EventBase();
      const listener = base.listen({ host: '127.0.0.1' });
      listener.subscribe((conn) => {
        conn.close(2 ** 30);
        base.close(1).then(() => { console.log('closed'); process.exit(); });
      });
      listener.bound.subscribe(({ port }) => {
        net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      });`,
    );
    expect(ended).toMatchObject({ ...clean, stdout: 'closed\n' });
  });
});
