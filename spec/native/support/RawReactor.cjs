// A reactor without the library: records go to its ring as they are given.
'use strict';

const { join } = require('node:path');
const native = require(join(__dirname, '../../../native/build/Release/rxjs_libevent.node'));

const { control, slots, submission, completion } = native.layout;
const RECORDS = 4096;

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
    control: words(control.count),
    completions: words(RECORDS * 4),
    submissions: words(RECORDS * 4),
    left: words(slots),
    outSlab: Buffer.from(new ArrayBuffer(1 << 16)),
    onWakeup: () => undefined,
    ...changes,
  };
}

class RawReactor {
  constructor() {
    this.seen = [];
    this.waiting = new Map();
    this.head = 0;
    this.tail = 0;
    this.outHead = 0;
    this.options = options({ onWakeup: () => this.drain() });
    this.native = new native.Reactor(this.options);
    this.native.start();
    this.native.setRef(true);
    Atomics.store(this.options.control, control.jsSleeps, 1);
    for (let pin = 0; pin < 4; pin += 1) {
      this.native.pin(pin, Buffer.allocUnsafeSlow(1 << 16));
      this.submit(submission.lend, 0, 1 << 16, 0, pin);
    }
  }

  submit(kind, id, a = 0, b = 0, aux = 0) {
    const { submissions, control: words } = this.options;
    const index = (this.tail & (RECORDS - 1)) * 4;
    submissions[index] = kind | (aux << 8);
    submissions[index + 1] = id;
    submissions[index + 2] = a;
    submissions[index + 3] = b;
    this.tail = (this.tail + 1) | 0;
    Atomics.store(words, control.submissionTail, this.tail);
    this.native.wake();
  }

  /** True when the ring has been taken. */
  get idle() {
    return Atomics.load(this.options.control, control.submissionHead) === this.tail;
  }

  /** A payload in the out-slab, always at its beginning: nothing else is under way. */
  submitPayload(kind, id, payload) {
    this.options.outSlab.set(payload);
    this.submit(kind, id, 0, payload.length);
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
        const index = (this.head & (RECORDS - 1)) * 4;
        const record = [...completions.subarray(index, index + 4)];
        const kind = record[0] & 0xff;
        const length = {
          [completion.accepted]: 3,
          [completion.bound]: 2,
          [completion.connected]: 2,
        };
        this.head = (this.head + (length[kind] ?? 1)) | 0;
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
      const head = Int32Array.from([0, 511, -1, 4, 0, 1]);
      this.submitPayload(
        submission.listen,
        id,
        Buffer.concat([Buffer.from(head.buffer), Buffer.from('127.0.0.1')]),
      );
    });
  }

  /** Waits until the reactor has taken all records. */
  taken() {
    return new Promise((resolve) => {
      const look = () => (this.idle ? resolve() : setImmediate(look));
      look();
    });
  }
}

module.exports = { RawReactor, native, options };
