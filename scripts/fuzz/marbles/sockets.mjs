import { once } from 'node:events';
import { connect } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { Client } from './Client.mjs';
import { Local } from './Local.mjs';
import { Pair } from './Pair.mjs';
import { Remote } from './Remote.mjs';
import { Server } from './Server.mjs';
import { Site } from './Site.mjs';
import { addressOf } from './draw.mjs';

const HOST = '127.0.0.1';
/** Round trips of another connection of the same reactor: what was under way has been reported. */
const TRIPS = 3;
const SCENES = {
  ...{ plain: joined, served: joined, paired },
  ...{ accepted: listening, connected: connecting },
};

/** What a state that is not the expected one is given to come to rest. */
const PATIENCE_MS = 200;

/**
 * The states of a program after each step, over sockets: a base at this end, `node:net` at the other.
 *
 * @param isExpected - of a step's number and its state: what is not is looked at until it does not change for long
 * @returns the states, and whether one of them came to rest late
 */
export async function runSockets(world, program, isExpected) {
  const base = new world.library.EventBase({ threads: 0 });
  const sockets = [];
  try {
    const fence = await opened(world, base, {}, sockets);
    const { act, state, bytesRead } = await SCENES[program.kind](world, base, program, sockets);
    const wait = () => (base.closed ? closing() : rest(world, fence));
    const states = [];
    let isLate = false;
    for (const [index, step] of program.steps.entries()) {
      const more = act(...step);
      if (more !== undefined) await more;
      let now = await settled(wait, state, bytesRead);
      const until = performance.now() + PATIENCE_MS;
      while (!isExpected(index, now) && performance.now() < until) {
        await closing();
        now = await settled(wait, state, bytesRead);
        isLate ||= isExpected(index, now);
      }
      states.push(now);
    }
    return { states, isLate };
  } finally {
    for (const socket of sockets) socket.destroy();
    await base.close();
  }
}

async function joined(world, base, { config }, sockets) {
  const local = new Local(world);
  const { near, far } = await opened(world, base, config, sockets);
  local.take(near);
  const remote = new Remote(far);
  return {
    act: (name, ...args) => {
      if (name in Remote.prototype) return remote[name](...args);
      local[name](...args);
      return undefined;
    },
    state: () => ({ ...local.state(), ...remote.state() }),
    bytesRead: () => near.bytesRead,
  };
}

async function listening(world, base, { config: { concurrency, ...config } }, sockets) {
  const listener = base.listen({ ...config, host: HOST });
  const server = new Server(new Local(world), world, listener, concurrency);
  const remotes = [];
  let port;
  listener.bound.subscribe({ next: (address) => (port = address.port), error: () => undefined });
  const dial = async () => {
    const socket = connect({ port, host: HOST, allowHalfOpen: true, noDelay: true });
    sockets.push(socket);
    socket.on('error', () => undefined);
    const remote = new Remote(socket);
    remotes.push(remote);
    await once(socket, 'connect').catch((error) => {
      if (error.code === 'ECONNREFUSED') remote.refused = true;
    });
  };
  return {
    act: (name, ...args) => {
      if (name === 'dial') return dial();
      if (name === 'closeBase') return base.close();
      if (name === 'peer') return remotes[args[0]]?.[args[1]](...args.slice(2));
      server[name](...args);
      return undefined;
    },
    state: () => ({
      ...server.state(),
      peers: remotes.map((remote) => (remote.refused ? 'refused' : remote.state())),
    }),
    bytesRead: () => server.bytesRead,
  };
}

/** Both ends are this library's: of a socket, or of a pair, where what one end is given the other emits. */
async function paired(world, base, { config: { over, ...config } }) {
  const ends = over === 'pair' ? base.pair(config) : await socketEnds(world, base, config);
  const pair = new Pair(world, ends, over);
  return {
    act: (...step) => pair.act(...step),
    state: () => pair.state(),
    bytesRead: () => pair.bytesRead,
  };
}

/** A client of servers that come and go, all at one port. */
async function connecting(world, base, { config }, sockets) {
  const { host, sites: kinds, greets, ...options } = config;
  const remotes = [];
  const accept = (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    const remote = new Remote(socket);
    remotes.push(remote);
    if (greets) remote[greets[0]](...greets.slice(1));
  };
  const { port } = await Site.reserve(sockets);
  const sites = kinds.map((kind, number) => new Site(addressOf(number), port, accept));
  sockets.push(...sites);
  for (const [number, kind] of kinds.entries()) {
    if (kind === 'silent') await sites[number].fallSilent(world, base, sockets);
  }
  let known = true;
  const lookup = (name, options, found) => {
    const addresses = sites.map(({ address }) => ({ address, family: 4 }));
    setImmediate(() => (known ? found(null, addresses) : found(notFound(name))));
  };
  const target = { port, host: host ?? addressOf(0), ...(host && { lookup }) };
  const dial = (more, session) => base.connect({ ...options, ...target, ...more }, session);
  const client = new Client(world, dial, port);
  return {
    act: (name, ...args) => {
      if (name === 'names') known = args[0] === 'known';
      else if (name === 'site') return sites[args[0]].turn(args[1]);
      else if (name === 'peer') return remotes[args[0]]?.[args[1]](...args.slice(2));
      else client.act(name, ...args);
      return undefined;
    },
    state: () => ({ ...client.state(), peers: remotes.map((remote) => remote.state()) }),
    bytesRead: () => client.bytesRead,
  };
}

function notFound(hostname) {
  const [code, syscall] = ['ENOTFOUND', 'getaddrinfo'];
  return Object.assign(new Error(`${syscall} ${code} ${hostname}`), { code, syscall, hostname });
}

async function socketEnds({ rxjs }, base, config) {
  const listener = base.listen({ ...config, host: HOST });
  const accepted = rxjs.firstValueFrom(listener);
  const { port } = await rxjs.firstValueFrom(listener.bound);
  return Promise.all([accepted, base.open({ ...config, port, host: HOST })]);
}

async function opened({ rxjs }, base, config, sockets) {
  const listener = base.listen({ ...config, host: HOST });
  const accepted = rxjs.firstValueFrom(listener);
  const { port } = await rxjs.firstValueFrom(listener.bound);
  const far = connect({ port, host: HOST, allowHalfOpen: true, noDelay: true });
  sockets.push(far);
  far.on('error', () => undefined);
  const [near] = await Promise.all([accepted, once(far, 'connect')]);
  return { near, far };
}

/** The state when it does not change any more. Half a frame is read without a change, byte by byte. */
async function settled(wait, state, bytesRead) {
  let before;
  let now;
  do {
    before = now;
    await wait();
    now = { state: state(), bytesRead: bytesRead() };
  } while (!isDeepStrictEqual(before, now));
  return now.state;
}

/** Without a base there is nobody to ask: peers hear of its end by themselves. */
function closing() {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

async function rest({ rxjs }, { near, far }) {
  for (let trip = 0; trip < TRIPS; trip += 1) {
    const there = rxjs.firstValueFrom(near);
    far.write('x');
    await there;
    const back = once(far, 'data');
    near.next('y');
    await back;
    await new Promise(setImmediate);
  }
}
