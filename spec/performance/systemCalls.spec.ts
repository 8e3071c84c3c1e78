import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Child } from '../lifecycle/support/Child';

const MESSAGES = 1000;

const server = (threads: number | string) => `
  const { EventBase, lines, sendTo, serve } = require('rxjs-libevent');
  const { map } = require('rxjs');
  const base = new EventBase({ threads: ${JSON.stringify(threads)} });
  const listener = base.listen({ port: 0, host: '127.0.0.1' });
  listener.bound.subscribe(({ port }) => console.log(port));
  listener.pipe(serve((conn) => conn.pipe(lines(), map((line) => line + '\\n'), sendTo(conn)))).subscribe();
  process.stdin.on('end', () => process.exit()).resume();
`;

/** The system calls of a process while `work` runs, by name, as strace counts them. */
async function callsDuring(
  pid: number,
  threads: 'all' | 'first',
  work: () => Promise<void>,
): Promise<ReadonlyMap<string, number>> {
  const which = threads === 'all' ? ['-f'] : [];
  const strace = spawn('strace', [...which, '-c', '-U', 'name,calls', '-p', pid.toString()], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(strace, 'close');
  let said = '';
  strace.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  while (!said.includes('attached')) {
    await Promise.race([
      once(strace.stderr, 'data'),
      ended.then(() => {
        throw new Error(`strace could not attach: ${said}`);
      }),
    ]);
  }
  await work();
  strace.kill('SIGINT');
  await ended;
  return new Map(
    [...said.matchAll(/^ *(\w+) +(\d+)$/gm)].map(([, name, count]) => [
      name as string,
      Number(count),
    ]),
  );
}

/** Of each message, one in flight: the most calls, by name. All that is not named here is not called at all. */
const most: Record<string, Record<string, number>> = {
  // Node asks its epoll set once without waiting, then waits. libevent's own is asked once, and sets its timer before.
  '0': { epoll_pwait: 2, timerfd_settime: 1, epoll_wait: 1, recvfrom: 1, sendto: 1 },
  auto: {
    ...{ epoll_pwait: 2, timerfd_settime: 1, epoll_wait: 1, recvfrom: 1, sendto: 1 },
    // Where JavaScript's thread waits for a core, the standby takes the base for a while, and wakes it.
    ...{ write: 1, read: 1, epoll_ctl: 1 },
  },
  // Two threads, each woken by the other: an eventfd written and one read, another in libevent's set.
  '1': {
    ...{ epoll_pwait: 2, timerfd_settime: 2, epoll_wait: 2, recvfrom: 1, sendto: 1 },
    ...{ write: 2, read: 1 },
  },
};

/** What V8 and the C library do for themselves, and what strace's way in interrupts. */
const ofNode = new Set([
  ...['total', 'futex', 'mprotect', 'madvise', 'mmap', 'munmap', 'brk'],
  ...['sched_yield', 'getrusage', 'restart_syscall', 'rt_sigreturn'],
]);

describe.each([0, 'auto', 1])('the system calls of a message, with threads: %p', (threads) => {
  it('are what they have to be, and no others', async () => {
    const child = new Child(server(threads));
    const socket = connect(Number(await child.line()), '127.0.0.1');
    await once(socket, 'connect');
    const pingPong = async (messages: number) => {
      for (let sent = 0; sent < messages; sent += 1) {
        socket.write('a line\n');
        await once(socket, 'data');
      }
    };
    await pingPong(100);
    // Of the default, JavaScript's thread: the standby looks by the clock, whatever the messages.
    const calls = await callsDuring(
      child.process.pid as number,
      threads === 'auto' ? 'first' : 'all',
      () => pingPong(MESSAGES),
    );
    const wanted = most[threads] as Record<string, number>;
    const tooMany = Object.entries(wanted).filter(
      ([name, limit]) => (calls.get(name) ?? 0) > MESSAGES * limit * 1.1,
    );
    expect([...calls]).not.toEqual([]);
    expect({ calls, tooMany }).toEqual({ calls, tooMany: [] });
    const unknown = [...calls.keys()].filter((name) => !(name in wanted) && !ofNode.has(name));
    expect(unknown).toEqual([]);
    socket.destroy();
    child.endInput();
    await child.ended();
  });
});
