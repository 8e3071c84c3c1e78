import { Local, codeOf } from './Local.mjs';

/** Two joined ends, both of this library: the one does the steps, the other is its peer, and reads. */
export class Pair {
  #local;
  #far;
  #over;
  #got = [];
  #seen = [];

  /** @param over - what the ends are joined by: `sockets`, or libevent's `pair` */
  constructor(world, [near, far], over) {
    this.#over = over;
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

  /**
   * Bytes that one end of libevent's pair does not read stay with the other one, and its FIN behind them:
   * no end is heard of before those have been read.
   */
  state() {
    const { closed, writable, failure } = this.#far;
    const got = Buffer.concat(this.#got).toString('latin1');
    const peer = { got, seen: this.#seen.join() };
    const state = this.#local.state();
    if (this.#over === 'pair') {
      return { ...state, events: state.events.filter((event) => event !== 'hangup'), peer };
    }
    return { ...state, peer: { ...peer, closed, writable, failure: codeOf(failure) } };
  }
}
