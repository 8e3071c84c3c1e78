import { Taken } from './Taken.mjs';

/** A listener that is served, the same over both transports. */
export class Server {
  #local;
  #rxjs;
  #listener;
  #concurrency;
  #serve;
  #serving;
  #releases = [];
  #accepted = new Taken();
  #log = [];

  constructor(local, { library, rxjs }, listener, concurrency) {
    this.#local = local;
    this.#rxjs = rxjs;
    this.#serve = library.serve;
    this.#listener = listener;
    this.#concurrency = concurrency;
  }

  listen(handler) {
    const concurrency = this.#concurrency === undefined ? {} : { concurrency: this.#concurrency };
    const taken = (conn) => this.#accepted.push(conn);
    this.#serving = this.#listener
      .pipe(
        this.#rxjs.tap(taken),
        this.#serve(this.#local.handler(handler), this.#local.serveConfig(concurrency)),
      )
      .subscribe({
        error: (error) => this.#log.push(`error ${String(error.code)}`),
        complete: () => this.#log.push('complete'),
      });
  }

  holdListener() {
    this.#releases.push(this.#listener.hold('program'));
  }

  releaseListener() {
    this.#releases.pop()?.();
  }

  destroyAccepted(number) {
    this.#accepted.destroy(number);
  }

  stopListening() {
    this.#serving?.unsubscribe();
  }

  get bytesRead() {
    return this.#accepted.bytesRead;
  }

  state() {
    return { log: [...this.#log], connections: this.#accepted.state(), ...this.#local.state() };
  }
}
