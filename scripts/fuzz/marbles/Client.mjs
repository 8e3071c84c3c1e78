import { Local, codeOf } from './Local.mjs';
import { Taken } from './Taken.mjs';

/** Nothing is tried beside an attempt that has no answer: that would be a race with a timer. */
const NEVER_MS = 60_000;

/** One that connects, the same over both transports. What it does on a connection is the latest's. */
export class Client {
  #local;
  #rxjs;
  #dial;
  #port;
  #taken = new Taken();
  #again;
  #dials = [];
  #logs = [];

  /**
   * @param dial - `connect` of a base, or of the kit: of options and a session
   * @param port - where it connects to
   */
  constructor(world, dial, port) {
    this.#local = new Local(world);
    this.#rxjs = world.rxjs;
    this.#dial = dial;
    this.#port = port;
    this.#again = new this.#rxjs.Subject();
  }

  act(name, ...args) {
    if (name in Client.prototype) this[name](...args);
    else if (this.#local.conn !== undefined) this.#local[name](...args);
  }

  /**
   * @param handler - of the session; without one the connection itself is the value
   * @param more - what follows an end: nothing, or another connection
   */
  connect(handler, more) {
    const { defer, tap } = this.#rxjs;
    const { signal, ...controller } = this.#controller();
    const log = [];
    this.#logs.push(log);
    const take = (conn) => log.push(this.#take(conn));
    const session = handler && this.#local.handler(handler, take);
    const config = { signal, closeDeadlineMs: NEVER_MS, attemptDelayMs: NEVER_MS };
    const subscription = defer(() => this.#dial(config, session))
      .pipe(
        tap({
          next: (value) => (handler ? log.push(String(value)) : take(value)),
          error: (error) => log.push(`error ${this.#textOf(error)}`),
          complete: () => log.push('complete'),
        }),
        this.#following(more),
      )
      .subscribe({
        error: () => log.push('failed'),
        complete: () => log.push('done'),
      });
    this.#dials.push({ subscription, ...controller });
  }

  /** Before anything can have come of it. */
  connectBriefly(handler, more) {
    this.connect(handler, more);
    this.disconnect();
  }

  disconnect() {
    this.#dials.pop()?.subscription.unsubscribe();
  }

  abort() {
    this.#dials.at(-1)?.abort();
  }

  /** Ends what `retryLater` and `repeatLater` wait for. */
  again() {
    this.#again.next();
  }

  get bytesRead() {
    return this.#taken.bytesRead;
  }

  /** Each log is one text, in its order; that of several clients in one instant is a matter of luck. */
  state() {
    const logs = this.#logs.map((log) => log.join('; '));
    return { logs, taken: this.#taken.state(), ...this.#local.state() };
  }

  #controller() {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort() };
  }

  #take(conn) {
    this.#taken.push(conn);
    this.#local.take(conn);
    const { localAddress: near, remoteAddress: far } = conn;
    return `${near.address} to ${far.address}${this.#portText(far.port)}`;
  }

  #following(more) {
    const { identity, repeat, retry } = this.#rxjs;
    const delay = () => this.#again;
    return {
      nothing: identity,
      retry: retry(2),
      retryLater: retry({ delay }),
      repeatLater: repeat({ delay }),
    }[more];
  }

  #textOf(error) {
    const { syscall = '', address = '', port, errors = [] } = error;
    const each = errors.map((one) => ` (${this.#textOf(one)})`).join('');
    return `${codeOf(error)} ${syscall} ${address}${this.#portText(port)}${each}`;
  }

  #portText(port) {
    return port === this.#port ? ' at the port' : port === undefined ? '' : `:${port}`;
  }
}
