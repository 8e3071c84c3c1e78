import { checkCount } from '../common/check';
import {
  Observable,
  type ObservableInput,
  type ObservedValueOf,
  type OperatorFunction,
} from 'rxjs';
import { HeldMerge, type Project } from './HeldMerge';

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
