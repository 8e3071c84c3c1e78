import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** An address at which a server listens, or does not, or has no room for more. */
export class Site {
  #port;
  #accept;
  #server;
  #silent = false;

  constructor(address, port, accept) {
    this.address = address;
    this.#port = port;
    this.#accept = accept;
  }

  /** A port that stays this program's: nobody else is given it. */
  static async reserve(resources) {
    const server = createServer().listen(0, '127.0.0.2');
    resources.push({ destroy: () => server.close() });
    await once(server, 'listening');
    return server.address();
  }

  /** Up: a server listens. Down: whoever connects is refused. One that is silent stays so. */
  async turn(to) {
    if (this.#silent) return;
    if (to === 'down') this.destroy();
    else if (this.#server === undefined) {
      this.#server = createServer({ allowHalfOpen: true, noDelay: true }, this.#accept);
      this.#server.listen(this.#port, this.address);
      await once(this.#server, 'listening');
    }
  }

  /** The system takes no more for a listener that accepts nobody: an attempt has no answer. */
  async fallSilent({ rxjs }, base, resources) {
    this.#silent = true;
    const listener = base.listen({ host: this.address, port: this.#port, backlog: 1 });
    listener.hold('program');
    listener.subscribe();
    await rxjs.firstValueFrom(listener.bound);
    for (let room = 2; room > 0; room -= 1) {
      const socket = connect(this.#port, this.address);
      socket.on('error', () => undefined);
      resources.push(socket);
      await once(socket, 'connect');
    }
  }

  destroy() {
    this.#server?.close();
    this.#server = undefined;
  }
}
