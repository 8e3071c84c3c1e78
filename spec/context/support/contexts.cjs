// In whose AsyncLocalStorage context subscribers are called back. The library is loaded, its default
// base is made, and whatever happens is caused, in the store 'stranger'; subscribers subscribe in the
// store 'own'. Prints a JSON object: for each way to subscribe, the calls with the store of each. Ends with
// code 1 where a call was in another store.
//
// On another version of Node: npx -y -p node@24 node spec/context/support/contexts.cjs
'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const net = require('node:net');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const rxjs = require('rxjs');

const { NEVER, Subject, delay, firstValueFrom, interval, map, of, take, tap } = rxjs;

const storage = new AsyncLocalStorage();
const own = (work) => storage.run('own', work);
const stranger = (work) => storage.run('stranger', work);

const library = stranger(() => require('rxjs-libevent'));
const { EventBase, connect, hold, holdable, lines, listen, mergeMapHeld, sendTo, serve } = library;

const folder = mkdtempSync(join(tmpdir(), 'contexts-'));
const base = stranger(() => EventBase.default);
const pairs = [];

/** What a stranger does in a later turn: in a callback of the base, and of Node. */
const cause = (work) =>
  stranger(() => setImmediate(() => base.timer(0).subscribe(() => setImmediate(work))));

const pair = (config) => {
  const ends = stranger(() => base.pair(config));
  pairs.push(...ends);
  return ends;
};

const noteIn = (calls) => (call) => calls.push(`${call}: ${storage.getStore()}`);

/** Subscribes, and gives the calls once there have been `count` values, or an ending. */
function watch(source, count = Infinity) {
  const calls = [];
  const note = noteIn(calls);
  return new Promise((resolve) => {
    own(() => {
      const subscription = new rxjs.Subscription(() => {
        note('finalize');
        resolve(calls);
      });
      const observer = {
        next: () => {
          note('next');
          if (calls.length === count) subscription.unsubscribe();
        },
        error: () => note('error'),
        complete: () => note('complete'),
      };
      const upstream = source.subscribe(observer);
      upstream.add(subscription);
      subscription.add(upstream);
    });
  });
}

/** As {@link watch}, while a stranger does something. */
function watchWhile(source, count, work) {
  const calls = watch(source, count);
  cause(work);
  return calls;
}

const ways = {
  'net.connect': () => {
    const calls = [];
    const note = noteIn(calls);
    const server = stranger(() => net.createServer((socket) => socket.resume().end('x')));
    return own(async () => {
      server.listen(join(folder, 'net'));
      await once(server, 'listening');
      const socket = net.connect(join(folder, 'net'), () => note('connect'));
      socket.on('data', () => note('data')).on('end', () => note('end'));
      await once(socket, 'close');
      server.close();
      return calls;
    });
  },
  'rxjs.timer': () => watch(rxjs.timer(1, 1), 2),
  'base.timer': () => watch(base.timer(1)),
  'base.timer with a period': () => watch(base.timer(1, 1), 2),
  'base.timer that catches up': () => watch(base.timer(0.01, 0.01, { catchUp: true }), 600),
  'base.scheduler': () => watch(interval(1, base.scheduler), 2),
  'base.scheduler, one timer for two': () => {
    stranger(() => of(1).pipe(delay(1, base.scheduler)).subscribe());
    return watch(of(1).pipe(delay(1, base.scheduler)));
  },
  'base.signal': () => {
    stranger(() => base.signal('SIGUSR2').pipe(take(1)).subscribe());
    return watchWhile(base.signal('SIGUSR2'), 1, () => process.kill(process.pid, 'SIGUSR2'));
  },
  'base.fd': () => watch(base.fd(-1, { timeoutMs: 1 }), 2),
  'base.fd, released by a stranger': () => {
    const event = base.fd(-1, { timeoutMs: 1 });
    const calls = watch(event, 1);
    const release = event.hold();
    cause(release);
    return calls;
  },
  'base.fd, activated by a stranger': () => {
    const event = base.fd(-1, { timeoutMs: 100_000 });
    return watchWhile(event, 1, () => event.activate('timeout'));
  },
  'listener.bound': () => {
    const listener = listen({ path: join(folder, 'bound') });
    return watchWhile(listener.bound, 1, () =>
      listener.pipe(rxjs.takeUntil(base.timer(9))).subscribe(),
    );
  },
  'listen, a connection': () => {
    const path = join(folder, 'listen');
    return watchWhile(listen({ path }), 1, () => stranger(() => net.connect(path).resume().end()));
  },
  'listen, in use': () => {
    const path = join(folder, 'used');
    stranger(() =>
      listen({ path })
        .pipe(rxjs.takeUntil(base.timer(99)))
        .subscribe(),
    );
    return watch(listen({ path }));
  },
  'listen, aborted': () => {
    const abort = new globalThis.AbortController();
    const { signal } = abort;
    return watchWhile(listen({ path: join(folder, 'aborted'), signal }), 1, () => abort.abort());
  },
  serve: () => {
    const path = join(folder, 'serve');
    const calls = [];
    const note = noteIn(calls);
    const served = serve((conn) => {
      note('handler');
      conn.whenClosed.subscribe(() => note('whenClosed'));
      const said = rxjs.finalize(() => note('finalize'));
      return conn.pipe(
        lines(),
        tap(() => note('next')),
        map((line) => `${line}\n`),
        sendTo(conn),
        said,
      );
    });
    return own(async () => {
      const serving = listen({ path }).pipe(served).subscribe();
      await new Promise((resolve) =>
        cause(() => net.connect(path).on('close', resolve).resume().end('a line\n')),
      );
      serving.unsubscribe();
      return calls;
    });
  },
  'serve, shut down': () => {
    const shutdown = new Subject();
    const serving = listen({ path: join(folder, 'shut') }).pipe(serve(() => NEVER, { shutdown }));
    return watchWhile(serving, 1, () => shutdown.next());
  },
  'serve, a session that is reset': () => {
    const path = join(folder, 'reset');
    const calls = [];
    const note = noteIn(calls);
    return own(async () => {
      const serving = listen({ path })
        .pipe(
          serve((conn) => {
            stranger(() => setImmediate(() => conn.reset()));
            return new rxjs.Observable(() => () => note('finalize'));
          }),
        )
        .subscribe();
      await new Promise((resolve) =>
        cause(() =>
          net
            .connect(path)
            .on('error', () => {})
            .on('close', resolve)
            .resume(),
        ),
      );
      serving.unsubscribe();
      return calls;
    });
  },
  connect: () => {
    const path = join(folder, 'connect');
    stranger(() =>
      listen({ path })
        .pipe(take(1))
        .subscribe((conn) => conn.complete()),
    );
    return watch(connect({ path }).pipe(tap((conn) => conn.complete())));
  },
  'connect with a session': () => {
    const path = join(folder, 'session');
    stranger(() =>
      listen({ path })
        .pipe(take(1))
        .subscribe((conn) => {
          conn.next('x');
          conn.complete();
        }),
    );
    return watch(connect({ path }, (conn) => conn));
  },
  'connect with a session, reset by a stranger': () => {
    const path = join(folder, 'session reset');
    stranger(() =>
      listen({ path })
        .pipe(take(1))
        .subscribe((conn) => cause(() => conn.reset())),
    );
    // A unix socket resets where bytes are unread.
    const says = (conn) => {
      conn.next('x');
      return NEVER;
    };
    return watch(connect({ path }, says));
  },
  'connect, refused': () => watch(connect({ path: join(folder, 'nothing') })),
  'chunks and their end': () => {
    const [one, two] = pair();
    return watchWhile(two, Infinity, () => {
      one.next('x');
      one.complete();
    });
  },
  'chunks, then a reset by a stranger': () => {
    const [one, two] = pair();
    return watchWhile(two, Infinity, () => {
      two.reset();
      one.reset();
    });
  },
  'chunks, released by a stranger': () => {
    const [one, two] = pair();
    const release = two.hold();
    return watchWhile(two, 1, () => {
      one.next('x');
      release();
    });
  },
  'chunks, resumed in one turn with those of a stranger': () => {
    const [one, two] = pair();
    const [three, four] = pair();
    const releases = [two.hold(), four.hold()];
    stranger(() => two.subscribe());
    return watchWhile(four, 1, () => {
      one.next('x');
      three.next('x');
      for (const release of releases) release();
    });
  },
  'lines, the rest released by a stranger': () => {
    const [one, two] = pair();
    let release;
    const holding = tap(() => (release ??= two.hold()));
    const calls = watch(two.pipe(lines(), holding), 3);
    cause(() => {
      one.next('a\nb\nc\n');
      cause(() => release());
    });
    return calls;
  },
  'mergeMapHeld, resumed by a stranger': () => {
    const [one, two] = pair();
    let release;
    const holding = tap(() => (release ??= hold('a test')));
    const calls = watch(
      two.pipe(
        mergeMapHeld((value) => of(value, value), 1),
        holding,
      ),
      2,
    );
    cause(() => {
      one.next('x');
      cause(() => release());
    });
    return calls;
  },
  'holdable, unsubscribed by a stranger': () => {
    const calls = [];
    const values = new Subject();
    return new Promise((resolve) => {
      const resume = () => {
        noteIn(calls)('resume');
        resolve(calls);
      };
      const source = holdable(values, { pause: () => {}, resume });
      const subscription = own(() => source.subscribe(() => hold('a test')));
      cause(() => {
        values.next(1);
        stranger(() => subscription.unsubscribe());
      });
    });
  },
  'connection.drained': () => {
    const [one, two] = pair({ write: { low: 1, high: 2 } });
    stranger(() => two.subscribe());
    return watchWhile(one.drained, 1, () => one.next('more than two bytes'));
  },
  'connection.events': () => {
    const [one] = pair({ write: { low: 1, high: 2 } });
    return watchWhile(one.events, 1, () => one.next('more than two bytes'));
  },
  'connection.whenClosed': () => {
    const [one] = pair();
    return watchWhile(one.whenClosed, Infinity, () => one.destroy());
  },
  'sendTo, that has been sent': () => {
    const [one, two] = pair();
    const calls = watch(of('x').pipe(sendTo(one)));
    cause(() => two.subscribe());
    return calls;
  },
  'sendTo, destroyed by a stranger': () => {
    const [one] = pair();
    return watchWhile(NEVER.pipe(sendTo(one)), Infinity, () => one.destroy());
  },
  'connection.sendFile': async () => {
    const path = join(folder, 'file');
    const accepted = firstValueFrom(listen({ path }));
    cause(() => net.connect(path).resume());
    const conn = await accepted;
    const calls = await watch(conn.sendFile(__filename));
    conn.destroy();
    return calls;
  },
  'base.close': () => {
    const second = stranger(() => new EventBase());
    cause(() => second.close());
    return own(async () => {
      const calls = [];
      const note = noteIn(calls);
      const ends = [
        second.dispatched,
        second.timer(100_000),
        second.listen({ path: join(folder, 'second') }),
        of(1).pipe(delay(100_000, second.scheduler)),
      ];
      await Promise.all(ends.map((end) => watch(end).then((list) => calls.push(...list))));
      await second.close();
      note('closed');
      return calls;
    });
  },
  'base.loop': () => {
    const second = stranger(() => new EventBase({ dispatch: false }));
    return own(async () => {
      const calls = [];
      const looping = second.loop();
      cause(() => second.loopExit());
      noteIn(calls)(await looping);
      cause(() => second.close());
      await second.close();
      return calls;
    });
  },
};

async function main() {
  const [only] = process.argv.slice(2);
  const seen = {};
  const alive = setInterval(() => {}, 100_000);
  for (const [name, way] of Object.entries(ways)) {
    if (only === undefined || only === name) seen[name] = [...new Set(await way())];
  }
  for (const end of pairs) end.destroy();
  await base.close();
  clearInterval(alive);
  rmSync(folder, { recursive: true });
  console.log(JSON.stringify(seen, undefined, 1));
  const isOwn = (call) => call.endsWith(': own');
  if (!Object.values(seen).flat().every(isOwn)) process.exitCode = 1;
}

main();
