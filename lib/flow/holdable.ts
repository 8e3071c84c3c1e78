import { from, Observable, type ObservableInput } from 'rxjs';
import { checkedOptions, type OptionTable, option } from '../common/options';
import { HeldOutput } from './HeldOutput';
import { Intake } from './Intake';
import { Holds, type Release } from './Source';
import { laterTurn } from './laterTurn';

/** Options of {@link holdable}. */
export interface HoldableConfig {
  /** Stop emitting. Values that still come are kept. */
  pause(): void;
  /** Go on. Called once for every `pause`, in a later turn than the release. */
  resume(): void;
}

const OPTIONS = {
  pause: option.callback(),
  resume: option.callback(),
} satisfies OptionTable<HoldableConfig>;

/**
 * Lets any source take part in holding: a Node stream, a queue client, a database cursor.
 *
 * "This is how you stop it, and this is how it goes on."
 *
 * ```
 * source  --a--b-c---------d--|
 * hold         [-----]
 * calls        pause  resume
 * result  --a--b------c----d--|
 * ```
 *
 * The result is the source's values, with a source of its own as the current one, so {@link hold},
 * `sendTo` and the held operators can hold it. The first hold calls `pause`. When the last one has
 * gone, the values that came meanwhile are emitted in order, and then `resume` is called. Several
 * subscribers share the pause: it ends when none of them holds.
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: every value, in order; nothing while somebody holds. Of what has waited, at most 256
 *   values are emitted in one turn.
 * - **Complete**: with the source, after the values that wait.
 * - **Error**: that of the source, or what `pause` or `resume` throws, after the values that wait.
 * - **Unsubscribe**: unsubscribes from the source; calls `resume` in a later turn if it is paused.
 *   Values that wait are lost.
 *
 * @param source - any Observable, promise or iterable
 * @param config - how to stop the source and how to let it go on
 * @throws TypeError when `pause` or `resume` is not a function
 *
 * @example
 * ```ts
 * const file = createReadStream('access.log');
 * const chunks = fromEvent(file, 'data') as Observable<Buffer>;
 * holdable(chunks.pipe(takeUntil(fromEvent(file, 'end'))), {
 *   pause: () => file.pause(),
 *   resume: () => file.resume(),
 * }).subscribe(conn);
 * ```
 *
 * @see {@link hold}
 */
export function holdable<T>(source: ObservableInput<T>, config: HoldableConfig): Observable<T> {
  checkedOptions('config', config, OPTIONS);
  const pauses = new Holds(
    () => {
      config.pause();
    },
    () => {
      config.resume();
    },
  );

  return new Observable((subscriber) => {
    let goOn: Release | undefined;
    const fail = (error: unknown): void => {
      intake.unsubscribe();
      output.error(error);
    };
    const output = new HeldOutput<T>(subscriber, {
      held: () => {
        try {
          goOn ??= pauses.hold(output);
        } catch (error) {
          fail(error);
        }
      },
      free: () => {
        const release = goOn;
        goOn = undefined;
        try {
          release?.();
        } catch (error) {
          fail(error);
        }
      },
    });
    const intake = new Intake<T>({
      next: (value) => {
        output.next(value);
      },
      error: (error) => {
        output.error(error);
      },
      complete: () => {
        output.complete();
      },
    });
    subscriber.add(() => {
      intake.unsubscribe();
      output.close();
      const release = goOn;
      if (release !== undefined) laterTurn(() => output.context.runInAsyncScope(release));
    });
    from(source).subscribe(intake);
  });
}
