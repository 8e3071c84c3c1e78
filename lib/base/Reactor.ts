import { LibeventError } from '../common/LibeventError';
import type { IdleTimeouts } from '../connection/IdleTimeouts';
import { native, type NativeReactor, type NativeStat } from '../native';
import { CompletionRing } from '../rings/CompletionRing';
import { ReadArena } from '../rings/ReadArena';
import { SubmissionRing } from '../rings/SubmissionRing';
import { baseOwners } from './baseOwners';
import type { CompletionHandler } from './CompletionHandler';
import { HandlerTable } from './HandlerTable';
import type { ReactorConfig } from './ReactorConfig';
import type { ReactorEvents } from './ReactorEvents';
import { TurnBudget } from './TurnBudget';
import { systemCall } from './systemCall';

const { completion, control, loopEnd, loopFlag, submission, turner } = native.layout;
const { takeOvers, handBacks } = native.layout.stat;
const { data: DATA, closed: CLOSED, released: RELEASED } = completion;
const { fatal: FATAL, looped: LOOPED, stopped: STOPPED } = completion;

const { recordWords: RECORD_WORDS, slots: SLOTS } = native.layout.memory;

const RING_RECORDS = 16384;

/** A drain goes on for at most this many records and ms, then other work has a turn. */
const DRAIN_RECORDS = 1024;
const DRAIN_MS = 5;
/**
 * After this many records the thread may use their places, and is woken for what they have led to, so
 * that it sends while JavaScript goes on. Without a thread nothing goes on meanwhile: what a drain has
 * led to is sent at its end, by one call of the addon. Measured with `bench`, 50 connections × 16 lines: 2.0 M
 * lines/s if it is woken after 64 records, when both threads take turns; 3.3 M after 32, 3.4 M after
 * 16, 3.6 M after 8.
 */
const BATCH_RECORDS = 8;

/** Memory for the reactor; a plain ArrayBuffer of its own, since the addon pins it whole. */
function words(count: number): Int32Array {
  return new Int32Array(new ArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}

/**
 * One `event_base` and who turns it, seen from JavaScript: drains completions and batches
 * submissions. It knows ids and records; what they mean is their handlers' business.
 */
export class Reactor {
  readonly handlers: HandlerTable;
  /** Connections that it carries. */
  load = 0;
  /** Of the connections that it carries, once one of them has such a timeout. */
  idleTimeouts: IdleTimeouts | undefined;
  private readonly control: Int32Array;
  private readonly sent: Int32Array;
  private readonly arena: ReadArena;
  private readonly completions: CompletionRing;
  readonly submissions: SubmissionRing;
  readonly sendBudget = new TurnBudget();
  private readonly native: NativeReactor;
  private readonly turner: number;
  private drainCount = 0;
  private wakeCount = 0;
  private draining = false;
  private flushing = false;
  private stopping = false;
  /** Broken out of the loop: nothing is reported. */
  paused = false;
  private referenced = true;
  private stepping = false;
  private closed = false;
  /** Hand-overs of the base that have been reported. */
  private reportedHandOvers = 0;

  constructor(
    private readonly config: ReactorConfig,
    private readonly events: ReactorEvents,
  ) {
    this.control = words(control.controlWords);
    this.sent = words(SLOTS);
    this.arena = new ReadArena(this.control);
    const completionWords = words(RING_RECORDS * RECORD_WORDS);
    const submissionWords = words(RING_RECORDS * RECORD_WORDS);
    this.native = systemCall(
      () =>
        new native.Reactor({
          ...config,
          control: this.control,
          completions: completionWords,
          submissions: submissionWords,
          sent: this.sent,
          arena: this.arena.bytes,
          onWakeup: () => {
            this.drain();
          },
        }),
      config.turner !== turner.javaScript
        ? {}
        : { ENOTSUP: 'only epoll can be waited for without a thread (threads: 0)' },
    );
    ({ turner: this.turner } = this.native);
    this.completions = new CompletionRing(this.control, completionWords);
    this.submissions = new SubmissionRing(this.control, submissionWords, this.arena, this.native);
    this.handlers = new HandlerTable(() => {
      this.updateRef();
      events.active();
    });
    this.completions.sleep();
  }

  /** Starts it, with its thread if it has one: the last thing that can fail. */
  start(): void {
    systemCall(() => {
      this.native.start();
    });
  }

  /** Ends the thread at once, while nothing has been opened yet. */
  discard(): void {
    this.closed = true;
    this.native.close();
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

  /** Counters since the start, each modulo 2^32. */
  get stats(): Record<NativeStat | 'drains' | 'wakes', number> {
    const stats = { drains: this.drainCount, wakes: this.wakeCount } as Record<string, number>;
    for (const [name, index] of Object.entries(native.layout.stat)) {
      stats[name] = this.countOf(index);
    }
    return stats;
  }

  /** Bytes of a handler's output that have been sent, modulo 2^32. */
  sentOf(id: number): number {
    return Atomics.load(this.sent, this.handlers.slotOf(id));
  }

  /** Gives a handler its id. */
  open(handler: CompletionHandler): void {
    this.handlers.add(handler);
    Atomics.store(this.sent, this.handlers.slotOf(handler.id), 0);
  }

  /** @param id - of a handler; 0, which is nobody's once its handler is gone, submits nothing */
  submit(kind: number, id: number, a = 0, b = 0, aux = 0): void {
    if (this.closed || id === 0) return;
    this.submissions.push(kind, aux, id, a, b);
    this.flushLater();
  }

  /** Submits a 64-bit number, as `NumberOf()` of native/ring.h reads it. */
  submitNumber(kind: number, id: number, value: number, aux = 0): void {
    this.submit(kind, id, value | 0, Math.floor(value / 2 ** 32), aux);
  }

  /** Submits bytes, which are the caller's again when this returns. Returns how many there are. */
  submitBytes(kind: number, id: number, payload: Uint8Array): number {
    if (this.closed || id === 0) return 0;
    const bytes = this.submissions.pushBytes(kind, id, payload);
    this.flushLater();
    return bytes;
  }

  /** Returns the length of `text` in bytes. */
  submitText(id: number, text: string, encoding: BufferEncoding): number {
    if (this.closed || id === 0) return 0;
    const bytes = this.submissions.pushText(id, text, encoding);
    this.flushLater();
    return bytes;
  }

  /** Submits what has a descriptor on its way: closes it where nobody can take it. */
  submitDescriptor(kind: number, id: number, fd: number, b = 0, aux = 0): void {
    if (this.closed || id === 0) native.discardDescriptor(fd);
    else this.submit(kind, id, fd, b, aux);
  }

  /** Asks the thread to free everything and end; {@link ReactorEvents.stopped} follows. */
  stop(): void {
    if (this.closed) return;
    this.stopping = true;
    this.resume();
    this.native.setRef(true);
    this.submitOwn(submission.stop);
  }

  /** Dispatches, or steps. @see event2/event.h `event_base_loop()` */
  loop(flags: number, run: number): void {
    this.resume();
    this.stepping = (flags & loopFlag.nonblock) !== 0;
    this.updateRef();
    this.submitOwn(submission.loop, flags, run);
  }

  /** @see event2/event.h `event_base_loopexit()` */
  loopExit(afterMs: number): void {
    const us = Math.ceil(afterMs * 1000);
    this.submitOwn(submission.loopExit, us | 0, Math.floor(us / 2 ** 32));
  }

  /** Nothing is reported from now on, not even what has crossed the ring. */
  loopBreak(): void {
    if (this.stopping) return;
    this.paused = true;
    this.endLoop(loopEnd.broken);
  }

  endLoop(end: number): void {
    this.submitOwn(submission.loopBreak, end);
  }

  /** Whether it keeps the process alive while it has handlers. */
  reference(on: boolean): void {
    this.referenced = on;
    this.updateRef();
  }

  /** For the reactor itself, whose id is 0. */
  private submitOwn(kind: number, a = 0, b = 0): void {
    if (this.closed) return;
    this.submissions.push(kind, 0, 0, a, b);
    this.flushLater();
  }

  private resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.drainLater();
  }

  private updateRef(): void {
    if (this.closed) return;
    const busy = this.handlers.referenced > 0 || this.stepping;
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
  flush(): void {
    if (this.closed) return;
    this.submissions.publish();
    if (
      this.submissions.announce() &&
      Atomics.exchange(this.control, control.reactorSleeps, 0) === 1
    ) {
      this.wake();
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
    this.sendBudget.begin();
    if (baseOwners.hasSubscribers) this.reportOwner();
    try {
      // A signal may have come for room in the submission ring alone.
      if (this.submissions.hasWaiting) this.flush();
      if (this.drainSome()) this.drainLater();
      this.submissions.memory.trim();
    } catch (error) {
      // What one handler throws must not silence the others.
      this.drainLater();
      throw error;
    } finally {
      this.draining = false;
    }
  }

  private countOf(stat: number): number {
    return Atomics.load(this.control, control.stats + stat) >>> 0;
  }

  /** Hand-overs so far: with an even number of them JavaScript has the base. */
  private get handOvers(): number {
    return this.countOf(takeOvers) + this.countOf(handBacks);
  }

  /** Whether this thread turns the base; a standby may take it at any time. */
  get turnsHere(): boolean {
    if (this.turner !== turner.either) return this.turner === turner.javaScript;
    return this.handOvers % 2 === 0;
  }

  /** Most drains follow no hand-over, and several may have come since the last one. */
  private reportOwner(): void {
    const { handOvers } = this;
    if (handOvers === this.reportedHandOvers) return;
    this.reportedHandOvers = handOvers;
    this.events.handedOver(handOvers % 2 === 0 ? 'javascript' : 'standby', handOvers);
  }

  private drainLater(): void {
    setImmediate(() => {
      this.drain();
    });
  }

  /** Returns true if there is more to do. */
  private drainSome(): boolean {
    const until = performance.now() + DRAIN_MS;
    const batchRecords = this.turnsHere ? DRAIN_RECORDS : BATCH_RECORDS;
    let records = 0;
    do {
      const batch = Math.min(this.completions.available(), batchRecords);
      const end = (this.completions.taken + batch) | 0;
      records += batch;
      while (((end - this.completions.taken) | 0) > 0 && !this.paused) this.dispatch();
      if (this.closed || this.paused) return false;
      // In this order: what has been written from the arena is known before its place is free.
      this.flush();
      this.completions.free();
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

  /** Handles the next completion. */
  private dispatch(): void {
    const { completions } = this;
    completions.next();
    const { kind, id, a, b } = completions;
    if (kind === DATA) {
      this.handlers.find(id)?.data?.(this.arena.view(a, b));
      this.arena.done();
    } else if (id === 0) {
      this.dispatchOwn(kind, completions.aux, a, b);
    } else {
      const addresses = completions.addresses();
      const handler = this.handlers.find(id);
      // The id is free for others before the handler hears of it.
      if (kind === CLOSED) this.handlers.remove(id);
      handler?.complete(kind, a, b, addresses);
    }
  }

  private dispatchOwn(kind: number, aux: number, a: number, b: number): void {
    if (kind === RELEASED) {
      this.submissions.memory.release(aux);
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
    for (const fd of this.submissions.unpublishedDescriptors()) native.discardDescriptor(fd);
    for (const handler of this.handlers.clear()) handler.abandon(error);
    this.events.stopped(error);
  }
}
