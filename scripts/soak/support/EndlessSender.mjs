import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

/** Sends random bytes without an end, as far as it may. */
export class EndlessSender {
  bytes = 0;
  #hash = createHash('sha256');
  #socket;
  #chunk = randomBytes(65536);
  #limit;

  constructor(port, limit) {
    this.#limit = limit;
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.connected = once(this.#socket, 'connect').then(() => this.#send());
    this.#socket.on('drain', () => this.#send());
    this.#socket.on('error', (error) => {
      throw error;
    });
    this.#socket.resume();
  }

  #send() {
    let room = true;
    while (room && this.bytes < this.#limit) {
      this.#chunk.writeUInt32LE(this.bytes / this.#chunk.length);
      this.#hash.update(this.#chunk);
      this.bytes += this.#chunk.length;
      room = this.#socket.write(Buffer.from(this.#chunk));
    }
  }

  finish() {
    this.#limit = 0;
    this.#socket.end();
    this.digest = Promise.resolve(this.#hash.digest('hex'));
  }
}
