import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { Child } from './support/Child';

describe('a process without descriptors', () => {
  it('stops accepting, says so once, goes on when there are some, and spins never', async () => {
    const child = new Child(
      `const { EventBase, sendTo, serve } = require('rxjs-libevent');
      const { openSync, closeSync } = require('node:fs');
      const base = new EventBase();
      const listener = base.listen({ host: '127.0.0.1' });
      listener.errors.subscribe(({ code, syscall, address, port }) =>
        console.log(JSON.stringify({ code, syscall, address, port })));
      listener.bound.subscribe(({ port }) => console.log(port));
      let open = 0;
      let idle = () => {};
      const served = listener.pipe(serve((conn) => {
        open += 1;
        conn.whenClosed.subscribe(() => {
          open -= 1;
          if (open === 0) idle();
        });
        return conn.pipe(sendTo(conn));
      }, { onError: () => {} })).subscribe();
      const taken = [];
      const commands = {
        take: async () => {
          // What a connection gives back later would be there for the next ones.
          if (open > 0) await new Promise((resolve) => (idle = resolve));
          for (;;) try { taken.push(openSync('/dev/null')); } catch { break; }
          console.log('taken');
        },
        free: () => { for (const fd of taken.splice(0)) closeSync(fd); console.log('free'); },
        stats: () => console.log(JSON.stringify(base.stats)),
        end: () => { served.unsubscribe(); process.stdin.destroy(); },
      };
      require('node:readline').createInterface(process.stdin).on('line', (line) => commands[line]());`,
      { descriptors: 64 },
    );
    const ask = async (command: string): Promise<string> => {
      child.process.stdin?.write(`${command}\n`);
      return child.line();
    };
    const port = Number(await child.line());
    const answered = async (peer: Socket): Promise<void> => {
      peer.end('x');
      await once(peer, 'data');
      peer.destroy();
    };
    for (let round = 0; round < 2; round += 1) {
      await ask('take');
      const peers = Array.from({ length: 10 }, () => connectSocket(port, '127.0.0.1'));
      const expected = { code: 'EMFILE', syscall: 'accept', address: '127.0.0.1', port };
      expect(await child.json()).toEqual(expected);
      const before = JSON.parse(await ask('stats')) as Record<string, number>;
      expect(before['accepts']).toBe(round * 10);
      await ask('free');
      await Promise.all(peers.map(answered));
      const after = JSON.parse(await ask('stats')) as Record<string, number>;
      expect(after['accepts']).toBe(round * 10 + 10);
      // A few passes for each connection and each attempt; a level-triggered accept would take thousands.
      expect((after['passes'] ?? 0) - (before['passes'] ?? 0)).toBeLessThan(300);
    }
    child.process.stdin?.write('end\n');
    expect(await child.ended()).toMatchObject({ code: 0, stderr: '', stdout: '' });
  });

  it('gets a LibeventError for a base, and none of its threads stays', async () => {
    const child = new Child(
      `const { EventBase } = require('rxjs-libevent');
      const { openSync, closeSync, readdirSync } = require('node:fs');
      const taken = [];
      for (;;) try { taken.push(openSync('/dev/null')); } catch { break; }
      // An epoll set and an eventfd for each reactor: enough for one of two.
      for (const spare of [0, 1, 2, 3, 4]) {
        for (const fd of taken.splice(0, spare === 0 ? 0 : 1)) closeSync(fd);
        try {
          const base = new EventBase({ threads: 2 });
          base.close();
          console.log('made with', spare);
          break;
        } catch (error) {
          console.log(error.name, error.code, typeof error.errno, error.syscall !== '');
        }
      }`,
      { descriptors: 40 },
    );
    const { code, stdout, stderr } = await child.ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trim().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    expect(lines[0]).toMatch(/^LibeventError EMFILE number true$/);
  });
});
