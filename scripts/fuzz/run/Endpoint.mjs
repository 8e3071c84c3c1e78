import { Log } from './Log.mjs';

/** One end of a link: a connection, what it has written, and what it has had of the other's bytes. */
export class Endpoint {
  peer = undefined;
  log = new Log();
  stream = 0;
  /** Bytes of its own stream that have been written. */
  written = 0;
  received = 0;
  releases = [];
  reader = undefined;
  /** What its input forwards to. */
  target = undefined;
  /** Whether another end's input, or its own, is what is written to it. */
  fed = false;
  /** Whether this end has ended the connection itself, so that its reader completes early. */
  ended = false;
  inputEnd = undefined;
  closed = false;
  /** Of its Observables: those that have not ended. */
  open = new Set();
  kept = [];

  constructor(world, name, link, connection) {
    this.world = world;
    this.name = name;
    this.link = link;
    this.connection = connection;
    this.stream = world.newStream(name);
    this.#watch('whenClosed', () => (this.closed = true));
    this.#watch('events', () => {});
    this.#watch('drained', () => {});
  }

  /** Whether `next` takes a value. */
  get writable() {
    const { writable, closed } = this.connection;
    return writable ?? !closed;
  }

  get held() {
    return this.releases.length > 0;
  }

  /** Everything that the other end has written has come. */
  get complete() {
    return this.received === this.peer.log.length;
  }

  /** Looks at bytes that have come, and counts them. */
  take(chunk) {
    this.check(chunk, this.received);
    this.received += chunk.length;
    this.world.moved();
  }

  /** Whether `chunk` is what stands at `position` of the other end's log. */
  check(chunk, position) {
    const { world, peer } = this;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    for (const { stream, offset, length } of peer.log.parts(position, bytes.length)) {
      const expected = world.pattern.bytes(stream, offset, length);
      if (expected.compare(bytes, at, at + length) !== 0) {
        let wrong = at;
        while (bytes[wrong] === expected[wrong - at]) wrong += 1;
        this.#wrong(bytes, wrong, position);
        return;
      }
      at += length;
    }
    if (at < bytes.length) this.#wrong(bytes, at, position);
  }

  /** What `target` gets of `chunk`, which has come at `position`. */
  forward(chunk, position, target) {
    if (!target.writable) {
      target.link.cut ??= 'forwarded to an ended output';
      return;
    }
    for (const part of this.peer.log.parts(position, chunk.length)) {
      target.log.add(part.stream, part.offset, part.length);
    }
  }

  /** Its reader's end. */
  end(error) {
    this.inputEnd ??= error === undefined ? 'complete' : String(error.code ?? error);
    this.reader = undefined;
    this.world.moved();
    const { link, peer, world } = this;
    if (error !== undefined && link.cut === undefined) {
      world.fail('ended', `${this.name}: ${error.stack ?? error}`);
    }
    const lost = peer.log.length - this.received;
    // A unix socket knows no RST.
    if (link.unix && link.cut) return;
    if (error === undefined && lost > 0 && !this.ended && world.checks('ends')) {
      const why = link.cut === undefined ? '' : ` (${link.cut})`;
      world.fail('truncated', `${this.name} completes, and ${lost} bytes have not come${why}`);
    }
  }

  describe() {
    const { connection, peer, link } = this;
    const state = [
      `wrote ${this.log.length}, got ${this.received} of ${peer.log.length}`,
      `output ${connection.outputBytes}, input ${connection.inputBytes}`,
      ...(connection.held ? [`held by ${connection.heldBy.map(cause).join(', ')}`] : []),
      ...(connection.saturated ? ['saturated'] : []),
      ...(this.inputEnd ? [`input ended: ${this.inputEnd}`] : []),
      ...(this.closed ? ['closed'] : []),
      ...(link.cut ? [`cut: ${link.cut}`] : []),
    ];
    return `${this.name}: ${state.join('; ')}`;
  }

  #watch(name, ended) {
    this.open.add(name);
    const end = () => {
      this.open.delete(name);
      ended();
      this.world.moved();
    };
    this.connection[name].subscribe({ next: () => this.world.moved(), error: end, complete: end });
  }

  #wrong(bytes, at, position) {
    const { world, peer } = this;
    const place = `${this.name} at byte ${position + at} of ${peer.log.length} written`;
    const block = world.pattern.find(bytes, at);
    const shown = bytes.subarray(at, at + 16).toString('hex');
    if (block === undefined || block.at - at >= 16) {
      world.fail('foreign', `${place}: bytes of no stream: ${shown}`);
    } else if (block.stream === peer.stream) {
      world.fail('order', `${place}: byte ${block.offset - (block.at - at)} of the same stream`);
    } else {
      world.fail('foreign', `${place}: bytes of ${world.streamName(block.stream)}`);
    }
  }
}

function cause(value) {
  return typeof value === 'string' ? value : 'a connection';
}
