import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { firstValueFrom, from, lastValueFrom, switchMap, toArray } from 'rxjs';
import { EventBase, sendTo, versions, type EventFeature } from 'rxjs-libevent';
import { joined } from './support/joined';
import { allOf } from './support/emitted';
import { runChild } from '../lifecycle/support/Child';

describe('event_base_new, event_base_new_with_config: EventBase', () => {
  const bases: EventBase[] = [];

  function make(config: ConstructorParameters<typeof EventBase>[0]): EventBase {
    const base = new EventBase(config);
    bases.push(base);
    return base;
  }

  afterEach(async () => {
    await Promise.all(bases.splice(0).map((base) => base.close()));
  });

  it('event_get_supported_methods: names the methods, the best first', () => {
    expect(EventBase.supportedMethods).toEqual(expect.arrayContaining(['epoll', 'poll', 'select']));
    expect(make({}).method).toBe(process.env['METHOD'] ?? EventBase.supportedMethods[0]);
  });

  it('event_get_version: names the libevent that runs', () => {
    expect(versions().libevent).toMatch(/^2\.1\.\d+/);
  });

  it.each<[string, EventFeature[]]>([
    ['epoll', ['et', 'o1', 'earlyClose']],
    ['poll', ['fds', 'earlyClose']],
    ['select', ['fds']],
  ])('event_base_get_features: %s can do %j', (method, features) => {
    const base = make({ avoidMethods: others(method) });
    expect(base.method).toBe(method);
    expect(base.features).toEqual(features);
  });

  it('event_config_avoid_method: takes the next best', () => {
    expect(make({ avoidMethods: ['epoll'] }).method).toBe(EventBase.supportedMethods[1]);
  });

  it('event_config_require_features: takes a method that has them', () => {
    expect(make({ requireFeatures: ['fds'] }).method).not.toBe('epoll');
    expect(make({ requireFeatures: ['et', 'o1'] }).method).toBe('epoll');
  });

  it('refuses what no method can do', () => {
    expect(() => new EventBase({ requireFeatures: ['et', 'fds'] })).toThrow(
      expect.objectContaining({ code: 'EINVAL', syscall: 'event_base_new_with_config' }) as Error,
    );
    expect(() => new EventBase({ avoidMethods: EventBase.supportedMethods })).toThrow(
      expect.objectContaining({ code: 'EINVAL' }) as Error,
    );
  });

  it('event_config_set_flag, EVENT_BASE_FLAG_IGNORE_ENV: looks at the environment only when asked to', async () => {
    const child = await runChild(
      `const { EventBase } = require('rxjs-libevent');
       console.log(new EventBase().method);
       console.log(new EventBase({ readEnvironment: true }).method);`,
      { env: { EVENT_NOEPOLL: '1' } },
    );
    const methods = [process.env['METHOD'] ?? 'epoll', EventBase.supportedMethods[1]];
    expect(child).toMatchObject({ code: 0, stdout: `${methods.join('\n')}\n` });
  });

  it('EVENT_BASE_FLAG_PRECISE_TIMER: epoll waits on a timer of the kernel, not in whole ms', async () => {
    const before = kernelTimers();
    const base = make({ avoidMethods: others('epoll') });
    expect(kernelTimers() - before).toBe(1);
    await base.close();
    expect(kernelTimers()).toBe(before);
  });

  it.each(['epoll', 'poll', 'select'])('event_base_get_method: carries by %s', async (method) => {
    const base = make({ avoidMethods: others(method) });
    expect(base.method).toBe(method);
    const { client, server, subscription } = await joined(base);
    const received = allOf(server);
    await lastValueFrom(from(['a', 'b', 'c']).pipe(sendTo(client)), { defaultValue: undefined });
    client.complete();
    expect((await received).toString()).toBe('abc');
    subscription.unsubscribe();
  });

  it('event_config_set_max_dispatch_interval: dispatches with either bound', async () => {
    for (const bound of [{ maxDispatchIntervalUs: 1 }, { maxDispatchCallbacks: 1 }]) {
      const base = make({ priorities: 3, ...bound });
      const { client, server, subscription } = await joined(base);
      const received = allOf(server);
      client.next('through');
      client.complete();
      expect((await received).toString()).toBe('through');
      subscription.unsubscribe();
    }
  });

  it('event_config_set_max_dispatch_interval: looks for new events in between, but at level 0', async () => {
    const { code, stdout, stderr } = await runChild(`
      const { subscribe } = require('node:diagnostics_channel');
      const { EventBase, enableDebugLogging } = require('rxjs-libevent');
      let looks = 0;
      // Every method says so each time that it has asked the kernel.
      subscribe('rxjs-libevent:log', ({ message }) => {
        if (/ reports \\d/.test(message)) looks += 1;
      });
      async function looksWith(config, priority = 1) {
        const base = new EventBase({ dispatch: false, priorities: 2, ...config });
        const events = Array.from({ length: 12 }, () => base.fd(-1, { priority }));
        let fired = 0;
        for (const event of events) event.subscribe(() => (fired += 1));
        await base.loop({ nonblock: true });
        enableDebugLogging();
        looks = 0;
        for (const event of events) event.activate('read');
        await base.loop({ nonblock: true });
        enableDebugLogging(false);
        // What has been said before arrives within a turn.
        for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
        await base.close();
        return { fired, looks };
      }
      (async () => {
        const all = {
          unlimited: await looksWith({}),
          each: await looksWith({ maxDispatchCallbacks: 1 }),
          fourth: await looksWith({ maxDispatchCallbacks: 4 }),
          microsecond: await looksWith({ maxDispatchIntervalUs: 1 }),
          minute: await looksWith({ maxDispatchIntervalUs: 60_000_000 }),
          urgent: await looksWith({ maxDispatchCallbacks: 1 }, 0),
        };
        console.log(JSON.stringify(all));
      })();`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { microsecond, ...exact } = JSON.parse(stdout) as Record<
      string,
      { fired: number; looks: number }
    >;
    expect(exact).toEqual({
      unlimited: { fired: 12, looks: 1 },
      each: { fired: 12, looks: 12 },
      fourth: { fired: 12, looks: 3 },
      minute: { fired: 12, looks: 1 },
      urgent: { fired: 12, looks: 1 },
    });
    // A callback, with its line in the log, takes a microsecond or nearly.
    expect(microsecond?.fired).toBe(12);
    expect(microsecond?.looks).toBeGreaterThan(1);
  });

  it('event_base_priority_init, event_base_get_npriorities: connections have as many levels', async () => {
    const base = make({ priorities: 4 });
    expect(base.priorities).toBe(4);
    const { client, server, subscription } = await joined(base, {
      client: { priority: 3 },
      server: { priority: 0 },
    });
    const received = allOf(server);
    client.next('both');
    client.complete();
    expect((await received).toString()).toBe('both');
    expect(() => base.listen({ priority: 4 })).toThrow(
      'priority must be a whole number of levels from 0 to 3, got 4',
    );
    expect(() => client.socket.setPriority(4)).toThrow(
      'level must be a whole number of levels from 0 to 3, got 4',
    );
    subscription.unsubscribe();
  });

  it('has as many reactors as it is asked for, and any two of them talk to each other', async () => {
    const base = make({ threads: 3 });
    expect(base.threads).toBe(3);
    for (let count = 0; count < 6; count += 1) {
      const { client, server, subscription } = await joined(base);
      server.subscribe(server);
      client.next('x');
      expect((await firstValueFrom(client)).toString()).toBe('x');
      subscription.unsubscribe();
    }
  });

  it('works in a parent and in the child that it forks: nothing needs event_reinit', async () => {
    const base = make({});
    const { client, server, subscription } = await joined(base);
    const child = fork(require.resolve('./support/forked.cjs'), { stdio: 'inherit' });
    const [port] = (await once(child, 'message')) as [number];
    const connecting = base.connect({ host: '127.0.0.1', port });
    const greeting = await firstValueFrom(connecting.pipe(switchMap((connection) => connection)));
    expect(greeting.toString()).toBe('hello from the child');
    await once(child, 'exit');
    const received = firstValueFrom(server);
    client.next('still here');
    expect((await received).toString()).toBe('still here');
    subscription.unsubscribe();
  });

  it('keeps a process alive while it has work, and no longer', async () => {
    const idle = await runChild(`
      const { EventBase } = require('rxjs-libevent');
      const base = new EventBase();
      const listener = base.listen({ host: '127.0.0.1', port: 0 });
      const listening = listener.subscribe();
      listener.bound.subscribe(() => {
        console.log('bound');
        listening.unsubscribe();
      });
      process.on('exit', () => console.log('exit, closed: ' + base.closed));`);
    expect(idle).toMatchObject({ code: 0, stdout: 'bound\nexit, closed: false\n' });
  });

  it('event_base_get_num_events, event_base_dump_events: counts what it does, names what holds', async () => {
    const base = make({});
    const { client, server, subscription } = await joined(base);
    const release = server.hold('the log');
    expect(server.heldBy).toEqual(['the log']);
    release();
    expect(server.heldBy).toEqual([]);
    const before = base.stats;
    const received = lastValueFrom(server.pipe(toArray()));
    client.next(Buffer.alloc(1000));
    client.complete();
    await received;
    const after = base.stats;
    expect(after.sentBytes - before.sentBytes).toBe(1000);
    expect(after.receivedBytes - before.receivedBytes).toBe(1000);
    subscription.unsubscribe();
  });
});

/** Descriptors of this process that `timerfd_create` has made. */
function kernelTimers(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[timerfd]';
    } catch {
      return false; // the descriptor of this look
    }
  }).length;
}

function others(method: string): string[] {
  return EventBase.supportedMethods.filter((other) => other !== method);
}
