import { join } from 'node:path';
import { identity } from '../run/identity.mjs';
import { read } from './reads.mjs';
import { write } from './writes.mjs';

/** What each end is made with: a half-close ends one direction, and each is looked at by itself. */
const COMMON = { encoding: 'latin1', allowHalfOpen: true };

/** A TCP connection: `a` connects on one base, `b` is accepted on another or the same. */
export async function tcp(world, id, from, to, connecting = {}, listening = {}) {
  await linked(world, id, from, to, { host: '127.0.0.1' }, connecting, listening);
}

/** The same over a unix socket. */
export async function unix(world, id, from, to, connecting = {}, listening = {}) {
  const path = join(world.folder, id);
  await linked(world, id, from, to, { path }, connecting, listening);
}

/** Two joined connections. */
export function pair(world, id, on, options = {}) {
  const ends = world.attempt(() => world.bases.get(on)?.pair({ ...COMMON, ...options }));
  if (ends) world.link(id, ...ends, { bases: [on], paired: true });
}

async function linked(world, id, from, to, address, connecting, listening) {
  const client = world.bases.get(from);
  const server = world.bases.get(to);
  if (!client || !server || client.closed || server.closed) return;
  const secures = connecting.tls && listening.tls;
  const tls = (who) => ({ tls: secures ? identity()[who] : undefined });
  const listenConfig = { ...COMMON, ...address, ...listening, ...tls('server') };
  const listener = world.attempt(() => server.listen(listenConfig));
  if (!listener) return;
  let accepted;
  let connected;
  let failed;
  const fail = (error) => {
    failed = error;
    world.moved();
  };
  const listened = listener.subscribe({
    next: (connection) => {
      accepted = connection;
      world.moved();
    },
    error: fail,
  });
  const bound = listener.bound.subscribe(({ port }) => {
    const where = address.path === undefined ? { ...address, port } : address;
    const options = { ...COMMON, ...where, ...connecting, ...tls('client') };
    const opened = world.attempt(() => client.connect(options));
    // What ends it afterwards is for its reader.
    world.clients.push(
      opened?.subscribe({
        next: (connection) => {
          connected = connection;
          world.moved();
        },
        error: (error) => {
          if (connected === undefined) fail(error);
        },
      }),
    );
  });
  await world.until(
    () => failed !== undefined || (accepted && connected),
    () => `${id} does not connect`,
  );
  listened.unsubscribe();
  bound.unsubscribe();
  if (failed !== undefined) world.fail('ended', `${id} does not connect: ${failed.stack}`);
  else if (accepted && connected) {
    world.link(id, connected, accepted, { bases: [from, to], unix: address.path !== undefined });
  }
}

/** Secures a connection in the middle, where nothing is under way and everything can be. */
export async function startTls(world, id) {
  const link = world.links.find((one) => one.id === id);
  if (!link || link.cut !== undefined || !link.ends.every(canSecure)) return;
  for (const { name } of link.ends) read(world, name);
  const calm = () => link.ends.every((end) => end.complete && end.connection.outputBytes === 0);
  await world.until(
    () => calm() || link.cut !== undefined,
    () => `${id} does not come to rest for startTls`,
  );
  if (!calm() || !link.ends.every(canSecure)) return;
  let secured = 0;
  let failed;
  const secure = (end, config) => {
    world.library.startTls(end.connection, config).subscribe({
      next: () => {
        secured += 1;
        world.moved();
      },
      error: (error) => {
        failed ??= error;
        world.moved();
      },
    });
  };
  // As in protocols that have it: the server says that it is ready, and then the client begins.
  const [client, server] = link.ends;
  write(world, server.name, 16);
  secure(server, { ...identity().server, isServer: true });
  await world.until(
    () => client.complete || failed !== undefined || link.cut !== undefined,
    () => `${id} is not notified to go on`,
  );
  secure(client, identity().client);
  await world.until(
    () => secured === 2 || failed !== undefined || link.cut !== undefined,
    () => `${id} is not secured`,
  );
  if (failed !== undefined && link.cut === undefined) world.fail('ended', `${id}: ${failed.stack}`);
}

/** What comes can be taken, and nothing else writes to it. */
function canSecure({ connection, target, fed, held, sending, inputEnd }) {
  if (!connection.writable || connection.tls !== undefined) return false;
  return !target && !fed && !held && !sending && inputEnd === undefined;
}
