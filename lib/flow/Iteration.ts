import type { Observable } from 'rxjs';
import { Intake } from './Intake';
import { Queue } from './Queue';
import { type Holdable, HoldSet, type Release, currentSource } from './Source';

/** Somebody who has called {@link Iteration.next} and has no answer yet. */
interface Asking<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** A value that nobody has asked for yet, with the way back to where it came from. */
interface Waiting<T> {
  readonly value: T;
  readonly giveBack: ((rest: Uint8Array) => void) | undefined;
}

const DONE = { done: true, value: undefined } as const;

/**
 * One `for await` over an Observable. The source is held from each value until the next one is asked
 * for, so it is silent while the body of the loop runs. Values of a source that cannot be held wait in
 * order, without bound.
 */
export class Iteration<T> implements AsyncIterableIterator<T> {
  private readonly intake: Intake<T>;
  private readonly holds = new HoldSet('for await');
  private readonly waiting = new Queue<Waiting<T>>();
  private readonly asking = new Queue<Asking<T>>();
  private latest: Holdable | undefined;
  /** What the last values derive from stays open until they have been worked on. */
  private letClose: Release | undefined;
  /** Ended: the source has. Stopped: so has the loop. */
  private state: 'new' | 'subscribed' | 'ended' | 'stopped' = 'new';
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly source: Observable<T>) {
    this.intake = new Intake<T>({
      next: (value) => {
        this.take(value);
      },
      error: (error) => {
        this.failure = { error };
        this.end();
      },
      complete: () => {
        this.end();
      },
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const waiting = this.waiting.shift();
    if (waiting !== undefined) return Promise.resolve({ done: false, value: waiting.value });
    if (this.state === 'ended' || this.state === 'stopped') return this.answerEnd();
    return new Promise((resolve, reject) => {
      this.asking.push({ resolve, reject });
      if (this.state === 'new') {
        this.state = 'subscribed';
        this.source.subscribe(this.intake);
      } else {
        this.holds.releaseAll();
      }
    });
  }

  /** A `break`: what no body has had goes back. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.stop();
    return Promise.resolve(DONE);
  }

  throw(error: unknown): Promise<never> {
    this.stop();
    // What the caller gives comes back to it, whatever it is.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    return Promise.reject(error);
  }

  private take(value: T): void {
    const source = currentSource();
    this.latest = source;
    const asking = this.asking.shift();
    if (asking === undefined) {
      this.waiting.push({ value, giveBack: source?.giveBackOf?.(value) });
    } else {
      asking.resolve({ done: false, value });
    }
    if (this.asking.length === 0) this.holds.hold(source);
  }

  private end(): void {
    if (this.state === 'stopped') return;
    this.state = 'ended';
    this.letClose = this.latest?.keepOpen?.();
    this.holds.releaseAll();
    for (let asking = this.asking.shift(); asking !== undefined; asking = this.asking.shift()) {
      this.answerEnd().then(asking.resolve, asking.reject);
    }
  }

  /** The error comes once, as from a generator. */
  private answerEnd(): Promise<typeof DONE> {
    const { failure } = this;
    this.failure = undefined;
    this.stop();
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    return failure === undefined ? Promise.resolve(DONE) : Promise.reject(failure.error);
  }

  private stop(): void {
    if (this.state === 'stopped') return;
    this.state = 'stopped';
    this.failure = undefined;
    this.intake.unsubscribe();
    // The youngest first, so that they stand in order at the front of their source.
    for (const { value, giveBack } of this.waiting.clear().reverse()) {
      giveBack?.(value as Uint8Array);
    }
    this.holds.releaseAll();
    this.letClose?.();
    for (const { resolve } of this.asking.clear()) resolve(DONE);
  }
}
