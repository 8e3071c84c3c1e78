import type { Observable, Subscription } from 'rxjs';

/** What an Observable has done so far: values, then 'complete' or the error. */
export interface Recording<T> {
  readonly values: T[];
  ending: unknown;
  readonly subscription: Subscription;
}

/** Subscribes and writes down what comes. */
export function record<T>(source: Observable<T>, onNext?: (value: T) => void): Recording<T> {
  const values: T[] = [];
  const recording: { ending: unknown } = { ending: undefined };
  const subscription = source.subscribe({
    next: (value) => {
      values.push(value);
      onNext?.(value);
    },
    error: (error: unknown) => {
      recording.ending = error;
    },
    complete: () => {
      recording.ending = 'complete';
    },
  });
  return Object.assign(recording, { values, subscription });
}
