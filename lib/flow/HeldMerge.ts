import { from, type ObservableInput, type ObservedValueOf, type Subscriber } from 'rxjs';
import { HeldOutput, MAX_BURST } from './HeldOutput';
import { HoldSet } from './HoldSet';
import type { Holdable } from './Holdable';
import { Intake } from './Intake';
import { Queue } from './Queue';
import { currentSource, enterSource, leaveSource } from './currentSource';

/** Turns a value and its number into an inner Observable. */
export type Project<T, O> = (value: T, index: number) => O;

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
 * The machine in `mergeMapHeld` and `concatMapHeld`: at most so many inners, what they emit, and
 * who is held meanwhile. Upstream is held while no new inner may start; the sources inside inners
 * are held while nothing may be emitted.
 */
export class HeldMerge<T, O extends ObservableInput<unknown>> {
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
        this.settle();
      },
    });
  }

  /** Lets go of everything. Values that no inner has had go back where they came from. */
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
    this.latest = source === this.output.source ? undefined : source;
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
  }
}
