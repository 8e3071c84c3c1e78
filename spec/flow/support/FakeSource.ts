import { Observable, type Subscriber } from 'rxjs';
import { Source } from '../../../lib/flow/Source';
import { enterSource, leaveSource } from '../../../lib/flow/Source';
import { laterTurn } from '../../../lib/flow/laterTurn';

/**
 * A source by the rules of a connection: emits what it was offered while it has a subscriber and
 * nobody holds it, keeps the rest, takes unused values back, and ends after what it has.
 */
export class FakeSource<T> extends Observable<T> {
  readonly own: Source;
  /** What the source was asked for, in order. */
  readonly calls: string[] = [];
  readonly waiting: T[] = [];
  private readonly subscribers = new Set<Subscriber<T>>();
  private ending: ((subscriber: Subscriber<T>) => void) | undefined;
  private emitting: { value: T } | undefined;
  private pumping = false;

  constructor(readonly name = 'source') {
    super((subscriber) => {
      this.subscribers.add(subscriber);
      if (!this.own.waiting) this.own.resumeLater();
      return () => {
        this.subscribers.delete(subscriber);
      };
    });
    this.own = new Source({
      pause: () => {
        this.calls.push('pause');
      },
      resume: () => {
        this.calls.push('resume');
        this.pump();
      },
      defer: laterTurn,
      giveBackOf: (value) =>
        value === this.emitting?.value
          ? (rest) => {
              if (this.subscribers.size === 0) this.waiting.unshift(rest as T);
            }
          : undefined,
    });
  }

  get held(): boolean {
    return this.own.held;
  }

  get observers(): number {
    return this.subscribers.size;
  }

  offer(...values: T[]): this {
    this.waiting.push(...values);
    this.pump();
    return this;
  }

  complete(): void {
    this.ending = (subscriber) => {
      subscriber.complete();
    };
    this.pump();
  }

  error(error: unknown): void {
    this.ending = (subscriber) => {
      subscriber.error(error);
    };
    this.pump();
  }

  private get free(): boolean {
    return this.subscribers.size > 0 && !this.own.waiting;
  }

  private pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    while (this.free && this.waiting.length > 0) this.emit(this.waiting.shift()!);
    this.pumping = false;
    if (!this.free || !this.ending) return;
    for (const subscriber of [...this.subscribers]) this.ending(subscriber);
  }

  private emit(value: T): void {
    const outer = enterSource(this.own);
    this.emitting = { value };
    try {
      for (const subscriber of [...this.subscribers]) subscriber.next(value);
    } finally {
      this.emitting = undefined;
      leaveSource(outer);
    }
  }
}
