/**
 * This library's side of a program, the same over both transports: it does the steps, and keeps what
 * is seen of them.
 */
export class Local {
  #library;
  #rxjs;
  #subscriptions = [];
  #releases = [];
  #gate;
  /** What each subscriber has had, and how it has ended. */
  readers = [];
  events = [];
  errors = [];

  constructor({ library, rxjs }) {
    this.#library = library;
    this.#rxjs = rxjs;
    this.#gate = new rxjs.Subject();
  }

  take(conn) {
    this.conn = conn;
    conn.events.subscribe((event) => {
      const code = event.error === undefined ? '' : ` ${event.error.code}`;
      this.events.push(`${event.type}${event.direction ? ` ${event.direction}` : ''}${code}`);
    });
  }

  /** What can be seen of it. */
  state() {
    const { conn, readers, events, errors } = this;
    if (conn === undefined) return { errors: [...errors] };
    const { closed, writable, saturated, held, refused, outputBytes, inputBytes, failure } = conn;
    return {
      ...{ readers: readers.map(({ text, log }) => `${text} ${log.join()}`), events: [...events] },
      ...{ closed, writable, saturated, held, refused, outputBytes, inputBytes },
      ...{ failure: codeOf(failure), errors: [...errors] },
    };
  }

  subscribe(form) {
    const { lines, lengthPrefixed } = this.#library;
    const framer = { bytes: (x) => x, lines: lines(), lengthPrefixed: lengthPrefixed() }[form];
    const join = form === 'bytes' ? '' : '/';
    this.#read(this.conn.pipe(framer), (text, value) => `${text}${join}${String(value)}`);
  }

  echo() {
    this.#read(this.conn.pipe(this.#library.sendTo(this.conn)), (text) => text);
  }

  sendTo(text) {
    const sent = this.#rxjs.of(text).pipe(this.#library.sendTo(this.conn));
    this.#read(sent, (all) => all);
  }

  unsubscribe() {
    this.#subscriptions.pop()?.unsubscribe();
  }

  write(text) {
    this.conn.next(text);
  }

  hold() {
    this.#releases.push(this.conn.hold('program'));
  }

  release() {
    this.#releases.pop()?.();
  }

  complete() {
    this.conn.complete();
  }

  /** A deadline that no program reaches. */
  close() {
    this.conn.close(60_000);
  }

  destroy() {
    this.conn.destroy();
  }

  reset() {
    this.conn.reset();
  }

  error() {
    this.conn.error(Object.assign(new Error('program'), { code: 'PROGRAM' }));
  }

  marks(direction, marks) {
    this.conn.setWatermarks({ [direction]: marks });
  }

  /** Ends what held stages are at work on. */
  open() {
    this.#gate.next();
  }

  end() {
    this.#gate.complete();
  }

  /** The handlers of `serve`. */
  handler(name, taken = () => undefined) {
    const { concatMapHeld, lines, sendTo } = this.#library;
    const { map, merge, of, take } = this.#rxjs;
    const gated = (value) =>
      this.#gate.pipe(
        take(1),
        map(() => value),
      );
    const handlers = {
      echo: (conn) => conn.pipe(sendTo(conn)),
      held: (conn) => conn.pipe(concatMapHeld(gated), sendTo(conn)),
      lines: (conn) =>
        conn.pipe(
          lines(),
          map((line) => `<${line}>`),
          sendTo(conn),
        ),
      first: (conn) => conn.pipe(take(1), sendTo(conn)),
      merged: (conn) => merge(of('hello').pipe(sendTo(conn)), conn.pipe(sendTo(conn))),
      broken: (conn) =>
        conn.pipe(
          lines(),
          map((line) => {
            if (line.includes('two')) throw Object.assign(new Error('two'), { code: 'TWO' });
            return line;
          }),
          sendTo(conn),
        ),
    };
    return (conn) => {
      taken(conn);
      return handlers[name](conn);
    };
  }

  serveConfig(more = {}) {
    const onError = (error) => this.errors.push(codeOf(error));
    return { onError, closeDeadlineMs: 60_000, ...more };
  }

  serve(name) {
    const { of } = this.#rxjs;
    this.#read(
      of(this.conn).pipe(this.#library.serve(this.handler(name), this.serveConfig())),
      (text) => text,
    );
  }

  #read(source, add) {
    const reader = { text: '', log: [] };
    this.readers.push(reader);
    const subscription = source.subscribe({
      next: (value) => (reader.text = add(reader.text, value)),
      error: (error) => reader.log.push(`error ${codeOf(error)}`),
      complete: () => reader.log.push('complete'),
    });
    this.#subscriptions.push(subscription);
  }
}

export function codeOf(error) {
  return error === undefined ? undefined : (error?.code ?? String(error));
}
