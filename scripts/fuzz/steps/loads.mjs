import { open as openFile } from 'node:fs/promises';
import { threads } from '../run/system.mjs';
import { pair, tcp, unix } from './connections.mjs';
import { file, sendFile } from './files.mjs';
import { read } from './reads.mjs';
import { write } from './writes.mjs';

const OPEN_AT_ONCE = 50;
/** What one pass of a loop may do at the most. */
const PASS_MS = 400;
const PASS_BYTES = 16 << 20;

/** @param connect `tcp` or `unix`, whose buffers are small */
async function peers(world, connect, id, from, to, count, accepted) {
  for (let index = 0; index < count; index += OPEN_AT_ONCE) {
    const some = Array.from(
      { length: Math.min(OPEN_AT_ONCE, count - index) },
      (_, at) => index + at,
    );
    await Promise.all(some.map((at) => connect(world, `${id}-${at}-`, from, to, {}, accepted)));
    if (world.finding) return [];
  }
  return world.links.filter((link) => link.id.startsWith(`${id}-`)).map(({ ends: [a] }) => a);
}

/** One payload to many. No pass of a loop may do all of it at once. */
export async function broadcast(world, id, from, to, count, length) {
  const many = await peers(world, tcp, id, from, to, count);
  const base = world.bases.get(from);
  if (many.length === 0 || base.closed) return;
  for (const { peer } of many) read(world, peer.name);
  const longest = longestPass(world, base);
  send(world, many, id, length);
  await world.until(
    () => many.every(({ peer, link }) => peer.complete || link.cut),
    () => `a broadcast of ${length} bytes to ${count} does not come`,
  );
  const { ms, bytes } = longest();
  if (ms < PASS_MS * world.slow && bytes < PASS_BYTES) return;
  world.fail('turn', `${bytes} bytes and ${Math.round(ms)} ms of work in one pass of a loop`);
}

/** Samples a base's only reactor, and gives the most that it has done without a new pass. */
function longestPass(world, base) {
  const worst = { ms: 0, bytes: 0 };
  let going = base.threads === 1;
  let from = sample();
  const look = () => {
    if (!going) return;
    const now = sample();
    if (now.passes - from.passes > 1) {
      from = now;
    } else {
      worst.ms = Math.max(worst.ms, (now.cpu - from.cpu) / 1e6);
      worst.bytes = Math.max(worst.bytes, now.bytes - from.bytes);
    }
    setImmediate(look);
  };
  setImmediate(look);
  return () => {
    going = false;
    return worst;
  };

  function sample() {
    const { passes, sentBytes } = base.stats;
    const own = threads().filter(({ name }) => name === 'libevent');
    return { passes, bytes: sentBytes, cpu: Math.max(0, ...own.map(({ cpu }) => cpu)) };
  }
}

const AT_ONCE = 10;
const FILE_BYTES = 3_000_000;
/** More than an output may keep. */
const tooMuch = Buffer.alloc(17_000_000, 0xcc);

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

/**
 * Transfers of large files that fail in the middle, and whose files close, while the reactor has something
 * else to do: the number of a file that has closed is soon another file's.
 */
export async function failing(world, id, on, to, count, busy) {
  const base = world.bases.get(on);
  if (!base || base.closed) return;
  const ends = await peers(world, unix, id, on, to, count, { read: { low: 0, high: 1 << 20 } });
  const others = await peers(world, tcp, `${id}-busy`, on, to, busy);
  if (world.finding) return;
  const names = Array.from({ length: AT_ONCE }, (_, index) => `${id}-${index}`);
  for (const name of names) file(world, name, FILE_BYTES);
  for (let from = 0; from < ends.length && !world.finding; from += AT_ONCE) {
    await fail(ends.slice(from, from + AT_ONCE));
  }

  async function fail(some) {
    for (const [index, end] of some.entries()) {
      sendFile(world, end.name, names[index], 0, FILE_BYTES);
    }
    await world.until(
      () => some.every((end) => end.connection.outputBytes > 0 || !end.sending),
      () => 'files do not open',
    );
    send(world, others, `${id} busy`, 70_000);
    await null;
    for (const end of some) {
      read(world, end.peer.name, 'sample');
      end.link.cut ??= 'wrote more than it may';
      end.connection.next(tooMuch);
    }
    // A file that is opened now may get the number.
    await null;
    const opened = names.map((name) => openFile(world.files.get(name).path));
    await world.until(
      () => some.every(({ sending }) => !sending),
      () => 'a transfer that fails does not end',
    );
    for (const other of opened) await (await other).close();
  }
}

/** The same bytes to each of them. */
function send(world, many, name, length) {
  const stream = world.newStream(`broadcast ${name}`);
  const payload = world.pattern.bytes(stream, 0, length);
  for (const end of many) {
    if (!end.writable) continue;
    end.connection.next(payload);
    end.log.add(stream, 0, length);
  }
}
