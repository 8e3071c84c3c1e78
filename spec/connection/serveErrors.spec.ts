import { runChild } from '../lifecycle/support/Child';

/** Three clients, one after the other, of a server whose sessions fail; prints what is published. */
const failing = (serve: string): string => `
  const { subscribe } = require('node:diagnostics_channel');
  const { once } = require('node:events');
  const net = require('node:net');
  const { firstValueFrom, throwError } = require('rxjs');
  const { EventBase, serve } = require('rxjs-libevent');

  const base = new EventBase({ threads: 1 });
  const reported = [];
  subscribe('rxjs-libevent:session:error', ({ error, connection, handler }) => {
    reported.push([error.message, connection.remoteAddress.family, handler.name]);
  });
  function broken() {
    return throwError(() => new Error('broken pipeline'));
  }
  function forgetful(connection) {
    connection.subscribe();
  }
  async function main() {
    const listener = base.listen({ host: '127.0.0.1', port: 0 });
    const bound = firstValueFrom(listener.bound);
    listener.pipe(${serve}).subscribe();
    const { port } = await bound;
    for (let client = 0; client < 3; client += 1) {
      const socket = net.connect(port, '127.0.0.1').on('error', () => {}).resume();
      await new Promise((resolve) => socket.on('close', resolve));
    }
    await base.close();
    console.log(JSON.stringify(reported));
  }
  main();
`;

async function run(serve: string) {
  const { code, stdout, stderr } = await runChild(failing(serve));
  expect(code).toBe(0);
  const warnings = stderr.match(/RXJS_LIBEVENT_SESSION_ERROR/g) ?? [];
  return { published: JSON.parse(stdout) as unknown[][], warnings: warnings.length, stderr };
}

describe('T7: a session that fails', () => {
  it('warns once for its handler, with the stack, and is always on the channel', async () => {
    const { published, warnings, stderr } = await run('serve(broken)');
    expect(published).toEqual(Array(3).fill(['broken pipeline', 'IPv4', 'broken']));
    expect(warnings).toBe(1);
    expect(stderr).toContain("A session of the handler 'broken' has failed");
    expect(stderr).toMatch(/Error: broken pipeline\n +at /);
  });

  it('warns of nothing with onError, and is on the channel all the same', async () => {
    const { published, warnings } = await run('serve(broken, { onError: () => {} })');
    expect([published.length, warnings]).toEqual([3, 0]);
  });

  it('says which handler has returned nothing', async () => {
    const { published, warnings, stderr } = await run('serve(forgetful)');
    const message =
      "the handler 'forgetful' must return an Observable, a promise or an iterable, got undefined";
    expect(published).toEqual(Array(3).fill([message, 'IPv4', 'forgetful']));
    expect(warnings).toBe(1);
    expect(stderr).toContain(`TypeError: ${message}`);
  });

  it('names an anonymous handler so', async () => {
    const { published } = await run('serve((() => () => null)())');
    expect(published[0]?.[0]).toMatch(/^an anonymous handler must return .*, got null$/);
  });
});
