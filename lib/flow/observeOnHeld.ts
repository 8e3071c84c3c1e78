import { checkCount } from '../common/check';
import { checkedOptions, type OptionTable } from '../common/options';
import {
  Observable,
  type MonoTypeOperatorFunction,
  type SchedulerLike,
  type Subscription,
} from 'rxjs';
import { HeldOutput } from './HeldOutput';
import { Intake } from './Intake';
import { currentSource, type Holdable, HoldSet, type Release } from './Source';
import { laterTurn } from './laterTurn';

/** Options of {@link observeOnHeld}. */
export interface ObserveOnHeldConfig {
  /** Values that may wait for the scheduler. Default: 64. Bounds: 1 and up. */
  readonly limit?: number;
}

const OPTIONS = {
  limit: (value = 64, name) => checkCount(name, value),
} satisfies OptionTable<ObserveOnHeldConfig>;

/**
 * Emits every value on a scheduler, out of a bounded queue that holds the source when it is full.
 *
 * "Go on over there, and do not pile up on the way."
 *
 * ```
 * source  -(abcd)----------(ef)-------|
 * queue     abcd  cd    -    f            limit 4: held from 4 values down to 2
 * held      [------]
 * result  ------a--b--c--d----e--f----|
 * ```
 *
 * Takes the place of `observeOn`, which queues without bound and ends the scope of {@link hold}. It
 * is itself the current source of what it emits: while somebody downstream holds, it emits nothing,
 * its queue fills, and the source is held in turn. `connection.heldBy` names `'observeOnHeld'`.
 *
 * A source that cannot be held (a timer, a foreign Observable) makes the queue longer than the limit,
 * without bound: wrap it in `holdable`. A scheduler that runs its work at once (`queueScheduler`) is
 * made to wait for a later turn.
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: every value, in order, in an action of the scheduler; at most 256 in one action.
 * - **Complete**: on the scheduler, after the values that wait.
 * - **Error**: that of the source, on the scheduler, after the values that wait.
 * - **Unsubscribe**: unsubscribes from the source and releases it; takes back the action. Chunks that
 *   wait go back to their connection, other values that wait are lost.
 *
 * @param scheduler - where to emit
 * @param config - the limit: values that may wait, default 64, at least 1; the source goes on when
 *   half as many are left
 * @throws TypeError when `scheduler` is not a scheduler or `limit` not a number
 * @throws RangeError when `limit` is not a whole number of at least 1
 *
 * @example
 * ```ts
 * conn.pipe(observeOnHeld(asyncScheduler, { limit: 16 }), sendTo(other));
 * ```
 *
 * @see RxJS `observeOn`; `mergeMapHeld` for work that takes time
 */
export function observeOnHeld<T>(
  scheduler: SchedulerLike,
  config: ObserveOnHeldConfig = {},
): MonoTypeOperatorFunction<T> {
  if (typeof (scheduler as SchedulerLike | undefined)?.schedule !== 'function') {
    throw new TypeError('scheduler must have a function schedule');
  }
  const { limit } = checkedOptions('config', config, OPTIONS);
  const low = Math.floor(limit / 2);

  return (source) =>
    new Observable((subscriber) => {
      const upstream = new HoldSet('observeOnHeld');
      let action: Subscription | undefined;
      let latest: Holdable | undefined;
      let letClose: Release | undefined;
      const output = new HeldOutput<T>(subscriber, {
        held: () => undefined,
        free: () => undefined,
        taken: () => {
          if (output.length <= low) upstream.releaseAll();
        },
        defer: (task) => {
          action = scheduleLater(scheduler, task);
        },
        keepOpen: () => latest?.keepOpen?.(),
      });
      const wake = (): void => {
        if (!output.busy) output.source.resumeLater();
      };
      const intake = new Intake<T>({
        next: (value) => {
          latest = currentSource();
          wake();
          output.next(value);
          if (output.length >= limit) upstream.hold(latest);
        },
        error: (error) => {
          upstream.releaseAll();
          wake();
          output.error(error);
        },
        complete: () => {
          upstream.releaseAll();
          letClose = latest?.keepOpen?.();
          wake();
          output.complete();
        },
      });
      subscriber.add(() => {
        intake.unsubscribe();
        action?.unsubscribe();
        // The youngest first, so that they stand in order at the front of their source.
        for (const { value, giveBackOf } of output.close().reverse()) {
          giveBackOf?.(value)?.(value as Uint8Array);
        }
        upstream.releaseAll();
        letClose?.();
      });
      source.subscribe(intake);
    });
}

/** Schedules a task that does not run inside this call, whatever the scheduler does. */
function scheduleLater(scheduler: SchedulerLike, task: () => void): Subscription {
  let inside = true;
  const action = scheduler.schedule(() => {
    if (inside) laterTurn(task);
    else task();
  });
  inside = false;
  return action;
}
