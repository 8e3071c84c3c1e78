import type { Observable, Subscription } from 'rxjs';

/** What an Observable has emitted, and how it ended. */
export class Recording<T> {
  readonly values: T[] = [];
  readonly endings: unknown[] = [];
  /** Settles with `'complete'` or the error, never rejects. */
  readonly ended: Promise<unknown>;
  readonly subscription: Subscription;
  private waiting: { readonly count: number; readonly done: () => void }[] = [];

  constructor(source: Observable<T>, onNext: (value: T) => void = () => {}) {
    let end: (ending: unknown) => void = () => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    const finish = (ending: unknown): void => {
      this.endings.push(ending);
      end(ending);
    };
    this.subscription = source.subscribe({
      next: (value) => {
        this.values.push(value);
        onNext(value);
        this.waiting = this.waiting.filter(({ count, done }) => {
          if (this.total < count) return true;
          done();
          return false;
        });
      },
      error: finish,
      complete: () => {
        finish('complete');
      },
    });
  }

  /** `'complete'` or the error, once it has ended. */
  get ending(): unknown {
    return this.endings[0];
  }

  /** Values, or their bytes where they have any. */
  get total(): number {
    return this.values.reduce((sum, value) => sum + (Buffer.isBuffer(value) ? value.length : 1), 0);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.values as unknown as Buffer[]);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  /** When this many values, or bytes, have come. */
  reach(count: number): Promise<void> {
    if (this.total >= count) return Promise.resolve();
    return new Promise((done) => {
      this.waiting.push({ count, done });
    });
  }
}

/** Subscribes and writes down what comes. */
export function record<T>(source: Observable<T>, onNext?: (value: T) => void): Recording<T> {
  return new Recording(source, onNext);
}
