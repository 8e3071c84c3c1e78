import { threads } from '../run/system.mjs';
import { pair, tcp, unix } from './connections.mjs';
import { file, sendFile } from './files.mjs';
import { read } from './reads.mjs';
import { write } from './writes.mjs';

const OPEN_AT_ONCE = 50;

async function peers(world, id, from, to, count) {
  for (let index = 0; index < count; index += OPEN_AT_ONCE) {
    const some = Array.from({ length: Math.min(OPEN_AT_ONCE, count - index) }, (_, at) => index + at);
    await Promise.all(some.map((at) => unix(world, `${id}-${at}-`, from, to)));
    if (world.finding) return [];
  }
  return world.links.filter((link) => link.id.startsWith(`${id}-`)).map(({ ends: [a] }) => a);
}

/** One payload to many. No pass of a loop may do all of it at once. */
export async function broadcast(world, id, from, to, count, length) {
  const many = await peers(world, id, from, to, count);
  const base = world.bases.get(from);
  if (many.length === 0 || base.closed) return;
  const stream = world.newStream(`broadcast ${id}`);
  const payload = world.pattern.bytes(stream, 0, length);
  for (const { peer } of many) read(world, peer.name);
  const longest = longestPass(world, base);
  for (const end of many) {
    if (!end.writable) continue;
    end.connection.next(payload);
    end.log.add(stream, 0, length);
  }
  await world.until(
    () => many.every(({ peer, link }) => peer.complete || link.cut),
    () => `a broadcast of ${length} bytes to ${count} does not come`,
  );
  const { ms, passes } = longest();
  const bound = 400 * world.slow;
  if (ms > bound) world.fail('turn', `${Math.round(ms)} ms of work in ${passes} passes of a loop`);
}

/** Samples a base's only thread, and gives the longest time that it has worked without a new pass. */
function longestPass(world, base) {
  let going = base.threads === 1;
  let worst = { ms: 0, passes: 0 };
  let from = sample();
  const look = () => {
    if (!going) return;
    const now = sample();
    for (const [id, cpu] of now.cpu) {
      const ms = (cpu - (from.cpu.get(id) ?? cpu)) / 1e6;
      if (now.passes - from.passes <= 1 && ms > worst.ms) worst = { ms, passes: now.passes - from.passes };
    }
    if (now.passes - from.passes > 1) from = now;
    setImmediate(look);
  };
  setImmediate(look);
  return () => {
    going = false;
    return worst;
  };

  function sample() {
    const own = threads().filter(({ id, name }) => name === 'libevent' && Number(id) !== process.pid);
    return { passes: base.stats.passes, cpu: new Map(own.map(({ id, cpu }) => [id, cpu])) };
  }
}

const STALE = {
  timeouts: (connection) => connection.setTimeouts({ readTimeoutMs: 10, writeTimeoutMs: 10 }),
  limit: ({ socket }) => socket.setRateLimit({ readBytesPerSecond: 10, writeBytesPerSecond: 10 }),
  marks: (connection) => connection.setWatermarks({ read: { low: 0, high: 1 } }),
  trigger: ({ socket }) => socket.trigger('read'),
  priority: ({ socket }) => socket.setPriority(0),
  close: (connection) => connection.close(10),
  reset: (connection) => connection.reset(),
  hold: (connection) => connection.hold('fuzz'),
  write: (connection) => connection.next('foreign bytes of somebody who has gone'),
};

/**
 * A connection ends, others come and go in its place `times` times, and then a method of it is called.
 * The one that has its place now must not feel it.
 */
export async function stale(world, id, on, times, method) {
  const base = world.bases.get(on);
  if (!base || base.closed) return;
  const dead = base.pair();
  await gone(world, dead);
  for (let time = 1; time < times && world.finding === undefined; time += 1) {
    await gone(world, base.pair());
  }
  if (world.finding) return;
  pair(world, id, on);
  for (const name of [`${id}a`, `${id}b`]) read(world, name);
  for (const connection of dead) world.attempt(() => STALE[method](connection));
  await world.pause(30);
  for (const name of [`${id}a`, `${id}b`]) write(world, name, 5000);
}

async function gone(world, connections) {
  let open = connections.length;
  for (const connection of connections) {
    connection.whenClosed.subscribe(() => {
      open -= 1;
      world.moved();
    });
    connection.destroy();
  }
  await world.until(
    () => open === 0,
    () => 'a destroyed connection does not close',
  );
}

/** Many `sendTo` on one connection that is saturated: the time for one must not grow with their number. */
export async function waiters(world, id, on, count) {
  const base = world.bases.get(on);
  if (!base || base.closed) return;
  const { of } = world.rxjs;
  const few = await sending(count >> 2, `${id}few`);
  const many = await sending(count, `${id}many`);
  const ratio = many / count / (few / (count >> 2));
  if (many > 400 * world.slow && ratio > 2.5) {
    const text = `${count} sendTo take ${Math.round(many)} ms, ${count >> 2} take ${Math.round(few)} ms`;
    world.fail('turn', text);
  }

  async function sending(number, name) {
    pair(world, name, on);
    const [a, b] = [world.ends.get(`${name}a`), world.ends.get(`${name}b`)];
    write(world, a.name, 100_000);
    await world.turn();
    let open = number;
    const began = cpu();
    for (let index = 0; index < number; index += 1) {
      a.log.add(a.stream, a.written, 4);
      const bytes = world.pattern.bytes(a.stream, a.written, 4);
      a.written += 4;
      const end = () => {
        open -= 1;
        world.moved();
      };
      of(bytes).pipe(world.library.sendTo(a.connection)).subscribe({ error: end, complete: end });
    }
    read(world, b.name);
    await world.until(
      () => open === 0,
      () => `${open} of ${number} sendTo do not complete`,
    );
    return cpu() - began;
  }

  function cpu() {
    return threads().find((thread) => Number(thread.id) === process.pid).cpu / 1e6;
  }
}

/** A peer that resets is seen by a connection that is held, also while its descriptor was watched. */
export async function death(world, id, on, watched) {
  const base = world.bases.get(on);
  if (!base || base.closed) return;
  await tcp(world, id, on, on);
  const [a, b] = [world.ends.get(`${id}a`), world.ends.get(`${id}b`)];
  if (!a || !b) return;
  read(world, b.name);
  const release = b.connection.hold('fuzz');
  let seen = false;
  b.connection.events.subscribe(({ type }) => {
    if (type === 'hangup' || type === 'error' || type === 'closed') seen = true;
    world.moved();
  });
  write(world, a.name, 1000);
  await world.until(
    () => a.connection.outputBytes === 0,
    () => '1000 bytes are not sent',
  );
  let ended = !watched;
  if (watched) {
    const events = watched === 'write' ? ['write'] : ['read'];
    base
      .fd(b.connection.socket.fd, { events })
      .pipe(world.rxjs.take(1))
      .subscribe({ complete: () => ((ended = true), world.moved()), error: () => (ended = true) });
  }
  await world.until(
    () => ended,
    () => `a watch of ${b.name} emits nothing`,
  );
  await world.turn();
  a.link.cut ??= `${a.name} was reset`;
  a.ended = true;
  a.connection.reset();
  await world.until(
    () => seen,
    () => `${b.name} is held, and does not see that its peer has gone`,
  );
  release();
}

/** Transfers that fail and let their files go while the reactor has much to do. */
export async function failing(world, id, on, count, busy) {
  const base = world.bases.get(on);
  if (!base || base.closed) return;
  const payload = Buffer.alloc(busy, 0xcc);
  const load = base.pair({ maxOutputBytes: 1 << 30, write: { low: 0, high: 1 << 20 } });
  load[1].subscribe(() => {});
  for (let round = 0; round < 5 && world.finding === undefined; round += 1) {
    const names = Array.from({ length: count }, (_, index) => `${id}-${round}-${index}-`);
    await Promise.all(names.map((name) => tcp(world, name, on, on, { maxOutputBytes: 65536 })));
    if (world.finding || base.closed) return;
    for (let index = 0; index < 20; index += 1) load[0].next(payload);
    for (const name of names) {
      read(world, `${name}b`);
      file(world, name, 20_000);
      sendFile(world, `${name}a`, name, 0, 20_000);
    }
    // The files open in other threads.
    for (let turns = 0; turns < 3; turns += 1) await world.turn();
    for (const name of names) {
      const a = world.ends.get(`${name}a`);
      a.link.cut ??= 'wrote more than it may';
      a.connection.next(Buffer.alloc(70_000, 0xcc));
      await world.turn();
    }
    await world.until(
      () => names.every((name) => world.ends.get(`${name}b`).closed || world.ends.get(`${name}b`).inputEnd),
      () => 'a connection that has failed does not end',
    );
  }
  for (const connection of load) connection.destroy();
}
