import { once } from 'node:events';
import { connect } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { Local } from './Local.mjs';
import { Server } from './Server.mjs';

const HOST = '127.0.0.1';
/** Round trips of another connection of the same reactor: what was under way has been reported. */
const TRIPS = 3;

/** The states of a program after each step, over sockets: a base at this end, `node:net` at the other. */
export async function runSockets(world, program) {
  const base = new world.library.EventBase();
  const sockets = [];
  try {
    const fence = await opened(world, base, {}, sockets);
    const scene = program.kind === 'accepted' ? listening : connected;
    const { act, state, bytesRead } = await scene(world, base, program, sockets);
    const states = [];
    for (const step of program.steps) {
      const more = act(...step);
      if (more !== undefined) await more;
      const wait = () => (base.closed ? closing() : rest(world, fence));
      states.push(await settled(wait, state, bytesRead));
    }
    return states;
  } finally {
    for (const socket of sockets) socket.destroy();
    await base.close();
  }
}

async function connected(world, base, { config }, sockets) {
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

/** The other end: a socket that reads. */
class Remote {
  #socket;
  #got = [];
  #seen = [];
  #gone = false;

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#got.push(chunk));
    socket.on('end', () => this.#seen.push('fin'));
    socket.on('error', ({ code }) => {
      if (code === 'ECONNRESET' && !this.#seen.includes('rst')) this.#seen.push('rst');
    });
  }

  /** One that has gone sees nothing. */
  state() {
    if (this.#gone) return {};
    return { got: Buffer.concat(this.#got).toString('latin1'), seen: this.#seen[0] };
  }

  send(text) {
    this.#write(text);
  }

  burst(one, other) {
    this.#write(one);
    this.#write(other);
  }

  fin() {
    this.#socket.end();
  }

  sendFin(text) {
    this.#write(text);
    this.#socket.end();
  }

  async rst() {
    await this.#reset();
  }

  async sendRst(text) {
    this.#write(text);
    await this.#reset();
  }

  async closeFully() {
    const { destroyed } = this.#socket;
    this.#gone ||= !destroyed;
    this.#socket.destroy();
    if (!destroyed) await once(this.#socket, 'close');
  }

  #write(text) {
    if (!this.#socket.writableEnded && !this.#socket.destroyed) this.#socket.write(text);
  }

  async #reset() {
    const socket = this.#socket;
    if (socket.destroyed) return;
    this.#gone = true;
    // What was written goes first, and FIN.
    if (!socket.writableEnded) await new Promise((resolve) => socket.write('', resolve));
    else if (!socket.writableFinished) await once(socket, 'finish');
    socket.resetAndDestroy();
    if (!socket.closed) await once(socket, 'close');
  }
}
