// A reactor without the library: records go to its ring as they are given.
'use strict';

const { join } = require('node:path');
const native = require(join(__dirname, '../../../native/build/Release/rxjs_libevent.node'));

const { control, memory, submission, completion, family } = native.layout;
const RECORDS = 4096;
const RECORD_WORDS = memory.recordWords;
/** Completions with addresses behind them; one more record where an address has a zone. */
const LENGTHS = new Map([
  [completion.accepted, 3],
  [completion.bound, 2],
  [completion.connected, 2],
]);
/** The pieces that are lent: one to write requests to, and some of other sizes. */
const REQUESTS = 1;
const PIECES = { [REQUESTS]: 1 << 16, 2: 1, 3: 1 << 20, [memory.pieces - 1]: 4096 };

/** What a reactor is made with: all right, except where `changes` says something else. */
function options(changes = {}) {
  const words = (count) => new Int32Array(new ArrayBuffer(count * 4));
  return {
    avoidMethods: [],
    features: 0,
    readEnvironment: false,
    maxDispatchIntervalUs: 0,
    maxDispatchCallbacks: 0,
    priorities: 2,
    dispatch: true,
    turner: native.layout.turner.thread,
    standbyTickUs: 2000,
    control: words(control.controlWords),
    completions: words(RECORDS * RECORD_WORDS),
    submissions: words(RECORDS * RECORD_WORDS),
    sent: words(memory.slots),
    arena: Buffer.from(new ArrayBuffer(memory.arenaBlocks * memory.arenaBlockBytes)),
    onWakeup: () => undefined,
    ...changes,
  };
}

class RawReactor {
  constructor() {
    this.waiting = new Map();
    this.gathering = false;
    this.head = 0;
    this.tail = 0;
    this.options = options({ onWakeup: () => this.drain() });
    this.native = new native.Reactor(this.options);
    this.native.start();
    this.native.setRef(true);
    Atomics.store(this.options.control, control.jsSleeps, 1);
    this.pieces = {};
    for (const [piece, bytes] of Object.entries(PIECES)) {
      this.pieces[piece] = Buffer.alloc(bytes, piece);
      this.native.lendMemory(Number(piece), this.pieces[piece]);
    }
  }

  submit(kind, id, a = 0, b = 0, aux = 0) {
    const { submissions } = this.options;
    const index = (this.tail & (RECORDS - 1)) * RECORD_WORDS;
    submissions[index] = kind | (aux << 8);
    submissions[index + 1] = id;
    submissions[index + 2] = a;
    submissions[index + 3] = b;
    this.tail = (this.tail + 1) | 0;
    if (!this.gathering) this.publish();
  }

  publish() {
    Atomics.store(this.options.control, control.submissionTail, this.tail);
    this.native.wake();
  }

  /** What is submitted meanwhile is taken in one turn. */
  together(submit) {
    this.gathering = true;
    submit();
    this.gathering = false;
    this.publish();
  }

  /** True when the ring has been taken. */
  get idle() {
    return Atomics.load(this.options.control, control.submissionHead) === this.tail;
  }

  /** A payload in lent memory, always at its beginning: nothing else is under way. */
  submitPayload(kind, id, payload) {
    this.pieces[REQUESTS].set(payload);
    this.submit(kind, id, 0, payload.length, REQUESTS);
  }

  /** Calls back when a completion of this kind and id comes. */
  when(kind, id, done) {
    this.waiting.set(`${kind}/${id}`, done);
  }

  drain() {
    const { control: words, completions } = this.options;
    for (;;) {
      const tail = Atomics.load(words, control.completionTail);
      while (this.head !== tail) {
        const index = (this.head & (RECORDS - 1)) * RECORD_WORDS;
        const record = [...completions.subarray(index, index + RECORD_WORDS)];
        const kind = record[0] & 0xff;
        const length = LENGTHS.get(kind) ?? 1;
        const zone = length > 1 && ((record[0] >>> 8) & family.zoned) !== 0 ? 1 : 0;
        this.head = (this.head + length + zone) | 0;
        this.waiting.get(`${kind}/${record[1]}`)?.(record);
      }
      Atomics.store(words, control.completionHead, this.head);
      Atomics.store(words, control.jsSleeps, 1);
      if (Atomics.load(words, control.completionTail) === this.head) return;
    }
  }

  /** Opens a listener as the library does: resolves if the reactor still does what it is for. */
  listen(id) {
    return new Promise((resolve, reject) => {
      this.when(completion.bound, id, resolve);
      this.when(completion.failed, id, ([, , errno]) => reject(new Error(`errno ${errno}`)));
      const { size, ...offsets } = native.layout.listenRequest;
      const head = new Int32Array(size / 4);
      const fields = { backlog: 511, fd: -1, family: family.ipv4, credit: 1 };
      for (const [name, value] of Object.entries(fields)) head[offsets[name] / 4] = value;
      this.submitPayload(
        submission.listen,
        id,
        Buffer.concat([Buffer.from(head.buffer), Buffer.from('127.0.0.1')]),
      );
    });
  }

  /** Waits until the reactor has taken all records; a reactor that has ended takes none. */
  taken() {
    return new Promise((resolve, reject) => {
      const ended = (record) => reject(new Error(`the reactor has ended: ${record}`));
      this.when(completion.stopped, 0, ended);
      this.when(completion.fatal, 0, ended);
      const look = () => (this.idle ? resolve() : setImmediate(look));
      look();
    });
  }
}

module.exports = { RawReactor, native, options };
