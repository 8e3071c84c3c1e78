import { Local, codeOf } from './Local.mjs';

/** Two joined ends, both of this library: the one does the steps, the other is its peer, and reads. */
export class Pair {
  #local;
  #far;
  #got = [];
  #seen = [];

  constructor(world, [near, far]) {
    this.#local = new Local(world);
    this.#local.take(near);
    this.#far = far;
    far.subscribe({
      next: (chunk) => this.#got.push(chunk),
      error: (error) => this.#seen.push(`error ${codeOf(error)}`),
      complete: () => this.#seen.push('complete'),
    });
  }

  act(name, ...args) {
    if (name in Pair.prototype) this[name](...args);
    else this.#local[name](...args);
  }

  send(text) {
    this.#far.next(Buffer.from(text));
  }

  burst(one, other) {
    this.send(one);
    this.send(other);
  }

  fin() {
    this.#far.complete();
  }

  sendFin(text) {
    this.send(text);
    this.fin();
  }

  rst() {
    this.#far.reset();
  }

  sendRst(text) {
    this.send(text);
    this.rst();
  }

  closeFully() {
    this.#far.destroy();
  }

  get bytesRead() {
    return [this.#local.conn.bytesRead, this.#far.bytesRead];
  }

  state() {
    const { closed, writable, failure } = this.#far;
    const peer = { closed, writable, failure: codeOf(failure), seen: this.#seen.join() };
    const got = Buffer.concat(this.#got).toString('latin1');
    return { ...this.#local.state(), peer: { got, ...peer } };
  }
}
