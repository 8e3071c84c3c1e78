import { LibeventError } from '../common/LibeventError';
import { native, type NativeReactor, type NativeStat } from '../native';
import { PackedAddress } from '../rings/PackedAddress';
import { CompletionRing } from '../rings/CompletionRing';
import { InSlabs } from '../rings/InSlabs';
import { OutSlab } from '../rings/OutSlab';
import { Pins } from '../rings/Pins';
import { SubmissionRing } from '../rings/SubmissionRing';
import type { CompletionHandler } from './CompletionHandler';
import { HandlerTable } from './HandlerTable';
import type { ReactorConfig } from './ReactorConfig';
import type { ReactorEvents } from './ReactorEvents';
import { systemCall } from './systemCall';

const { completion, control, loopEnd, loopFlag, submission } = native.layout;
const { data: DATA, accepted: ACCEPTED, bound: BOUND, connected: CONNECTED } = completion;
const { closed: CLOSED, released: RELEASED, stopped: STOPPED } = completion;
const { fatal: FATAL, looped: LOOPED } = completion;

const RING_RECORDS = 16384;
const RECORD_WORDS = 4;
const OUT_SLAB_BYTES = 1 << 20;
/**
 * A chunk that is kept keeps its slab. Measured with `bench`: slabs of 64 to 512 KB cost the same
 * (relay: 8.8 to 11.9 µs of processor a chunk, the smaller the less).
 */
const IN_SLAB_BYTES = 1 << 17;
const IN_SLABS_LENT = 32;

/** A drain goes on for at most so many records, or so long, before other work has a turn. */
const DRAIN_RECORDS = 1024;
const DRAIN_MS = 5;
/**
 * After so many records the reactor may use their places, and is woken for what they have led to, so
 * that it sends while JavaScript goes on. Measured with `bench`, 50 connections × 16 lines: 2.0 M
 * lines/s if it is woken after 64 records, when both threads take turns; 3.3 M after 32, 3.4 M after
 * 16, 3.6 M after 8.
 */
const BATCH_RECORDS = 8;

const NO_ADDRESSES: readonly PackedAddress[] = [];

/** Memory for the reactor; a plain ArrayBuffer of its own, since the addon pins it whole. */
function words(count: number): Int32Array {
  return new Int32Array(new ArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}

/**
 * One `event_base` and its thread, seen from JavaScript: drains completions and batches
 * submissions. It knows ids and records; what they mean is their handlers' business.
 */
export class Reactor {
  readonly handlers: HandlerTable;
  /** Connections that it carries. */
  load = 0;
  private readonly control: Int32Array;
  private readonly left: Int32Array;
  private readonly completions: CompletionRing;
  private readonly submissions: SubmissionRing;
  private readonly inSlabs: InSlabs;
  private readonly pins: Pins;
  private readonly native: NativeReactor;
  private drainCount = 0;
  private wakeCount = 0;
  private draining = false;
  private flushing = false;
  private stopping = false;
  /** Broken out of the loop: nothing is told. */
  private paused = false;
  private referenced = true;
  private stepping = false;
  private closed = false;

  constructor(
    private readonly config: ReactorConfig,
    private readonly events: ReactorEvents,
  ) {
    this.control = words(control.count);
    this.left = words(native.layout.slots);
    const completionWords = words(RING_RECORDS * RECORD_WORDS);
    const submissionWords = words(RING_RECORDS * RECORD_WORDS);
    const outSlab = new OutSlab(this.control, OUT_SLAB_BYTES);
    this.native = systemCall(
      () =>
        new native.Reactor({
          ...config,
          control: this.control,
          completions: completionWords,
          submissions: submissionWords,
          left: this.left,
          outSlab: outSlab.bytes,
          onWakeup: () => {
            this.drain();
          },
        }),
    );
    this.completions = new CompletionRing(this.control, completionWords);
    this.pins = new Pins(this.native);
    this.submissions = new SubmissionRing(this.control, submissionWords, outSlab, this.pins);
    this.inSlabs = new InSlabs(this.pins, this.submissions, IN_SLAB_BYTES);
    this.handlers = new HandlerTable(() => {
      this.updateRef();
      events.active();
    });
    this.completions.sleep();
    systemCall(() => {
      this.native.start();
    });
    for (let count = 0; count < IN_SLABS_LENT; count += 1) this.inSlabs.lend();
    this.flush();
  }

  /** True from {@link Reactor.stop}: what is opened now would never hear anything. */
  get ending(): boolean {
    return this.closed || this.stopping;
  }

  get method(): string {
    return this.native.method;
  }

  get features(): number {
    return this.native.features;
  }

  /** Levels of priority. */
  get priorities(): number {
    return this.config.priorities;
  }

  /** True once the thread has ended: nothing is answered any more. */
  get ended(): boolean {
    return this.closed;
  }

  /** Counters since the start, each modulo 2^32. */
  get stats(): Record<NativeStat | 'drains' | 'wakes', number> {
    const stats = { drains: this.drainCount, wakes: this.wakeCount } as Record<string, number>;
    for (const [name, index] of Object.entries(native.layout.stat)) {
      stats[name] = Atomics.load(this.control, control.stats + index) >>> 0;
    }
    return stats;
  }

  /** Bytes of a handler's output that have left, modulo 2^32. */
  leftOf(id: number): number {
    return Atomics.load(this.left, this.handlers.slotOf(id));
  }

  /** Gives a handler its id. */
  open(handler: CompletionHandler): number {
    const id = this.handlers.add(handler);
    Atomics.store(this.left, this.handlers.slotOf(id), 0);
    return id;
  }

  submit(kind: number, id: number, a = 0, b = 0, aux = 0): void {
    if (this.closed) return;
    this.submissions.push(kind, aux, id, a, b);
    this.flushLater();
  }

  /** Submits a 64-bit number, as `NumberOf()` of native/ring.h reads it. */
  submitNumber(kind: number, id: number, value: number, aux = 0): void {
    this.submit(kind, id, value | 0, Math.floor(value / 2 ** 32), aux);
  }

  submitPayload(kind: number, id: number, payload: Uint8Array): void {
    if (this.closed) return;
    this.submissions.pushPayload(kind, id, payload);
    this.flushLater();
  }

  /** Returns the length of `text` in bytes. */
  submitText(id: number, text: string, encoding: BufferEncoding): number {
    if (this.closed) return 0;
    const bytes = this.submissions.pushText(id, text, encoding);
    this.flushLater();
    return bytes;
  }

  /** Hands an accepted socket over. Closes it if the thread has ended. */
  adopt(id: number, fd: number, credit: number): void {
    if (this.closed) this.native.refuse(fd);
    else this.submit(submission.adopt, id, fd, credit);
  }

  /** Closes an accepted socket that nobody takes. */
  closeSocket(fd: number): void {
    if (this.closed) this.native.refuse(fd);
    else this.submit(submission.closeFd, 0, fd);
  }

  /** Asks the thread to free everything and end; {@link ReactorEvents.stopped} follows. */
  stop(): void {
    if (this.closed) return;
    this.stopping = true;
    this.resume();
    this.native.setRef(true);
    this.submit(submission.stop, 0);
  }

  /** Dispatches, or steps. @see event2/event.h `event_base_loop()` */
  loop(flags: number, run: number): void {
    this.resume();
    this.stepping = (flags & loopFlag.nonblock) !== 0;
    this.updateRef();
    this.submit(submission.loop, 0, flags, run);
  }

  /** @see event2/event.h `event_base_loopexit()` */
  loopExit(afterMs: number): void {
    this.submitNumber(submission.loopExit, 0, Math.ceil(afterMs * 1000));
  }

  /** Nothing is told from now on, not even what has crossed the ring. */
  loopBreak(): void {
    if (this.stopping) return;
    this.paused = true;
    this.endLoop(loopEnd.broken);
  }

  endLoop(end: number): void {
    this.submit(submission.loopBreak, 0, end);
  }

  /** Whether it keeps the process alive while it has handlers. */
  reference(on: boolean): void {
    this.referenced = on;
    this.updateRef();
  }

  private resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.drainLater();
  }

  private updateRef(): void {
    if (this.closed) return;
    const busy = this.handlers.size > 0 || this.stepping;
    this.native.setRef(this.stopping || (this.referenced && busy));
  }

  private flushLater(): void {
    if (this.draining || this.flushing) return;
    this.flushing = true;
    queueMicrotask(() => {
      this.flushing = false;
      this.flush();
    });
  }

  /** Shows the submissions to the reactor, and wakes it if it sleeps. */
  private flush(): void {
    if (this.closed) return;
    this.submissions.publish();
    if (
      this.submissions.announce() &&
      Atomics.exchange(this.control, control.reactorSleeps, 0) === 1
    ) {
      this.wake();
    }
    // The reactor empties a full ring in one turn; the rest follows then.
    if (this.submissions.hasWaiting) {
      setImmediate(() => {
        this.flush();
      });
    }
  }

  private wake(): void {
    this.wakeCount += 1;
    this.native.wake();
  }

  private drain(): void {
    if (this.closed || this.paused) return;
    this.draining = true;
    this.drainCount += 1;
    try {
      if (this.drainSome()) this.drainLater();
    } catch (error) {
      // What one handler throws must not silence the others.
      this.drainLater();
      throw error;
    } finally {
      this.draining = false;
    }
  }

  private drainLater(): void {
    setImmediate(() => {
      this.drain();
    });
  }

  /** Returns true if there is more to do. */
  private drainSome(): boolean {
    const until = performance.now() + DRAIN_MS;
    let records = 0;
    do {
      let batch = Math.min(this.completions.available(), BATCH_RECORDS);
      records += batch;
      while (batch > 0 && !this.paused) batch -= this.dispatch();
      if (this.closed || this.paused) return false;
      this.completions.free();
      this.flush();
      this.giveRoom();
      if (this.completions.available() === 0 && this.completions.sleep()) return false;
    } while (records < DRAIN_RECORDS && performance.now() < until);
    return true;
  }

  /** The reactor has stopped reading for lack of room: there is some again. */
  private giveRoom(): void {
    if (Atomics.load(this.control, control.reactorWantsRoom) === 0) return;
    Atomics.store(this.control, control.reactorWantsRoom, 0);
    if (Atomics.exchange(this.control, control.reactorSleeps, 0) === 1) this.wake();
  }

  /** Handles the next completion. Returns how many records it took. */
  private dispatch(): number {
    const { words } = this.completions;
    const index = this.completions.take();
    const head = words[index] as number;
    const id = words[index + 1] as number;
    const a = words[index + 2] as number;
    const b = words[index + 3] as number;
    const kind = head & 0xff;
    if (kind === DATA) {
      this.handlers.find(id)?.data?.(this.inSlabs.view(head >>> 8, a, b));
      return 1;
    }
    if (id === 0) {
      this.dispatchOwn(kind, head >>> 8, a, b);
      return 1;
    }
    const family = head >>> 8;
    let addresses = NO_ADDRESSES;
    if (kind === ACCEPTED) addresses = [this.address(family, b >>> 16), this.address(family, b)];
    else if (kind === BOUND || kind === CONNECTED) addresses = [this.address(family, b)];
    const handler = this.handlers.find(id);
    // The id is free for others before the handler hears of it.
    if (kind === CLOSED) this.handlers.remove(id);
    handler?.complete(kind, a, b, addresses);
    return 1 + addresses.length;
  }

  private address(family: number, port: number): PackedAddress {
    return new PackedAddress(
      family,
      port & 0xffff,
      this.completions.words,
      this.completions.take(),
    );
  }

  private dispatchOwn(kind: number, aux: number, a: number, b: number): void {
    if (kind === RELEASED) {
      if (!this.inSlabs.release(aux)) this.pins.release(aux);
    } else if (kind === LOOPED) {
      this.stepping = false;
      this.updateRef();
      this.events.looped(a, b);
    } else if (kind === STOPPED) {
      this.end(undefined);
    } else if (kind === FATAL) {
      const detail = `libevent has given up (${String(a)})`;
      this.end(new LibeventError('ERR_LIBEVENT_FATAL', 'event_base_loop', { detail }));
    }
  }

  /** The thread has ended. What still refers to it hears so once. */
  private end(error: LibeventError | undefined): void {
    this.closed = true;
    // Sockets that were on their way to the reactor are closed here.
    this.submissions.publish();
    this.native.close();
    for (const { kind, a } of this.submissions.unpublished()) {
      if (kind === submission.adopt || kind === submission.closeFd) this.native.refuse(a);
    }
    for (const handler of this.handlers.clear()) handler.abandon(error);
    this.events.stopped(error);
  }
}
