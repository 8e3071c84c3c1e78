import {
  from,
  Observable,
  type ObservableInput,
  type ObservedValueOf,
  type OperatorFunction,
  type Subscriber,
} from 'rxjs';
import { checkCount } from '../common/check';
import { MAX_BURST } from './Emitter';
import { HeldOutput } from './HeldOutput';
import { Intake } from './Intake';
import { Queue } from './Queue';
import {
  acceptorOf,
  currentSource,
  enterSource,
  type Holdable,
  HoldSet,
  leaveSource,
  type Release,
} from './Source';

/**
 * Maps each value to an inner Observable, runs at most `concurrency` of them, and holds the source
 * meanwhile.
 *
 * "Work on this many at once; the peer waits for the rest."
 *
 * ```
 * source  --a--b-----------c-----------|
 * inners    ----A|
 *                ----B|
 *                          ----C|
 * held      [---------]    [----]          concurrency 1
 * result  ------A----B---------C-------|
 * ```
 *
 * Takes the place of `mergeMap` where inners take time, since the scope of {@link hold} ends with
 * the turn. It is itself the current source of what it emits, so a hold from downstream passes
 * through it: to the source, and to the sources inside the inners. An inner that completes at once
 * holds nothing. While it is at work, `connection.heldBy` names `'mergeMapHeld'`.
 *
 * Values that come although the source is held wait in order. That is without bound only where the
 * source cannot be held (a timer, a foreign Observable): wrap such a source in `holdable`. Likewise
 * for what inners emit while somebody downstream holds: a promise has one value that waits, a
 * foreign Observable may have any number.
 *
 * An inner must not need the source to go on: it is held, and both would wait for ever. To read on
 * inside the work, take the subscription form, `conn.pipe(first(), concatMap(work), repeat())`, whose
 * `EmptyError` says that the input has ended; see `docs/flow-control.md`.
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: what the inners emit, in the order of its coming; nothing while somebody holds. Of
 *   what has waited, at most 256 values are emitted and 256 inners started in one turn.
 * - **Complete**: when the source and all inners have completed and nothing waits.
 * - **Error**: that of the source or of an inner, or what `project` throws. All inners end and all
 *   holds go at once; the error comes after the values that wait.
 * - **Unsubscribe**: unsubscribes from the source and the inners; all holds go. Chunks that no inner
 *   has had go back to their connection. Values of inners that wait are lost.
 *
 * @param project - turns a value and its number, from 0, into an inner; what it was given counts as
 *   consumed
 * @param concurrency - inners at a time, at most. Bounds: 1 to `Infinity`, which passes holds through
 *   and holds nothing for the inners' sake
 * @throws TypeError when `project` is not a function or `concurrency` not a number
 * @throws RangeError when `concurrency` is not a whole number of at least 1
 *
 * @example
 * ```ts
 * conn.pipe(
 *   lines(),
 *   mergeMapHeld((line) => database.find(line), 8),
 *   map((row) => `${JSON.stringify(row)}\n`),
 *   sendTo(conn),
 * );
 * ```
 *
 * @see {@link hold}; `concatMapHeld` for replies in order; RxJS `mergeMap`
 */
export function mergeMapHeld<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O,
  concurrency: number,
): OperatorFunction<T, ObservedValueOf<O>> {
  return mergeHeld('mergeMapHeld', project, concurrency);
}

/** What `mergeMapHeld` and `concatMapHeld` have in common; `cause` is the name of the operator. */
export function mergeHeld<T, O extends ObservableInput<unknown>>(
  cause: string,
  project: Project<T, O>,
  concurrency: number,
): OperatorFunction<T, ObservedValueOf<O>> {
  if (typeof project !== 'function') {
    throw new TypeError(`project must be a function, got ${typeof project}`);
  }
  checkCount('concurrency', concurrency);
  return (source) =>
    new Observable((subscriber) => {
      const merge = new HeldMerge(subscriber, project, concurrency, cause);
      // Before the source is subscribed to, which may emit at once and be enough.
      subscriber.add(() => {
        merge.close();
      });
      source.subscribe(merge.intake);
    });
}

/** Turns a value and its number into an inner Observable. */
type Project<T, O> = (value: T, index: number) => O;

interface Inner<R> {
  readonly intake: Intake<R>;
  /** The current source of what it emitted last. */
  source: Holdable | undefined;
}

interface WaitingValue<T> {
  readonly value: T;
  readonly source: Holdable | undefined;
  readonly giveBack: ((rest: Uint8Array) => void) | undefined;
}

/**
 * The machine in `mergeMapHeld` and `concatMapHeld`: at most this many inners, what they emit, and
 * who is held meanwhile. Upstream is held while no new inner may start; the sources inside inners
 * are held while nothing may be emitted.
 */
class HeldMerge<T, O extends ObservableInput<unknown>> {
  readonly intake: Intake<T>;
  private readonly output: HeldOutput<ObservedValueOf<O>>;
  private readonly upstream: HoldSet;
  private readonly inside: HoldSet;
  private readonly queue = new Queue<WaitingValue<T>>();
  private readonly inners = new Set<Inner<ObservedValueOf<O>>>();
  private latest: Holdable | undefined;
  private index = 0;
  private starting = false;
  private outerDone = false;
  private letClose: Release | undefined;
  private stopped = false;

  constructor(
    destination: Subscriber<ObservedValueOf<O>>,
    private readonly project: Project<T, O>,
    private readonly concurrency: number,
    cause: string,
  ) {
    this.upstream = new HoldSet(cause);
    this.inside = new HoldSet(cause);
    this.output = new HeldOutput(destination, {
      held: () => {
        for (const inner of this.inners) this.holdInside(inner.source);
        this.settle();
      },
      free: () => {
        this.inside.releaseAll();
        this.settle();
      },
      keepOpen: () => this.latest?.keepOpen?.(),
    });
    this.intake = new Intake<T>({
      next: (value) => {
        this.take(value);
      },
      error: (error) => {
        this.fail(error);
      },
      complete: () => {
        this.outerDone = true;
        // Given back when this stage has stopped, which is behind its own completion.
        this.letClose = this.latest?.keepOpen?.();
        this.settle();
      },
    });
  }

  /** Releases everything. Values that no inner has had go back where they came from. */
  close(): void {
    this.stop();
    this.output.close();
  }

  /** While one inner is being started no other is: one that completes at once does not recur. */
  private get ready(): boolean {
    return !this.starting && this.inners.size < this.concurrency && !this.output.busy;
  }

  private take(value: T): void {
    const source = currentSource();
    this.latest = acceptorOf(value) ?? (source === this.output.source ? undefined : source);
    if (this.ready) this.start(value, source);
    else this.queue.push({ value, source, giveBack: source?.giveBackOf?.(value) });
    this.settle();
  }

  /** Starts what may start; then holds and releases, and ends, as things stand now. */
  private settle(): void {
    let left = MAX_BURST;
    for (; left > 0 && !this.stopped && this.ready; left -= 1) {
      const waiting = this.queue.shift();
      if (waiting === undefined) break;
      this.start(waiting.value, waiting.source);
    }
    if (this.stopped) return;
    if (left === 0 && this.ready && this.queue.length > 0) this.output.source.resumeLater();
    const full = this.inners.size >= this.concurrency || this.output.busy;
    if (full && !this.outerDone) this.upstream.hold(this.latest);
    else this.upstream.releaseAll();
    if (this.outerDone && this.inners.size === 0 && this.queue.length === 0) this.output.complete();
  }

  /** Starts one inner, in the scope of the source that the value came from. */
  private start(value: T, source: Holdable | undefined): void {
    const outer = enterSource(source);
    this.starting = true;
    try {
      const observable = from(
        this.project(value, this.index++) as ObservableInput<ObservedValueOf<O>>,
      );
      const inner = this.createInner();
      this.inners.add(inner);
      observable.subscribe(inner.intake);
    } catch (error) {
      this.fail(error);
    } finally {
      this.starting = false;
      leaveSource(outer);
    }
  }

  private createInner(): Inner<ObservedValueOf<O>> {
    const inner: Inner<ObservedValueOf<O>> = {
      source: undefined,
      intake: new Intake({
        next: (value) => {
          inner.source = currentSource();
          this.output.next(value);
          if (this.output.busy) this.holdInside(inner.source);
        },
        error: (error) => {
          this.fail(error);
        },
        complete: () => {
          this.inners.delete(inner);
          this.settle();
        },
      }),
    };
    return inner;
  }

  private holdInside(source: Holdable | undefined): void {
    if (!this.stopped && source !== this.output.source) this.inside.hold(source);
  }

  private fail(error: unknown): void {
    this.stop();
    this.output.error(error);
  }

  private stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.intake.unsubscribe();
    for (const inner of this.inners) inner.intake.unsubscribe();
    this.inners.clear();
    // The youngest first, so that they stand in order at the front of their source.
    for (const { value, giveBack } of this.queue.clear().reverse()) giveBack?.(value as Uint8Array);
    this.inside.releaseAll();
    this.upstream.releaseAll();
    this.letClose?.();
  }
}
