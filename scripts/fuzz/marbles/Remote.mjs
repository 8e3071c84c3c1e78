import { once } from 'node:events';

/** The other end: a socket that reads. */
export class Remote {
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
