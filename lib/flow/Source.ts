import type { Holdable } from './Holdable';
import { Holds } from './Holds';
import type { Release } from './Release';
import { enterSource, leaveSource } from './currentSource';

/** What a {@link Source} asks of its owner. */
export interface SourceActions {
  /** The first hold has come: emit nothing from now on. */
  pause(): void;
  /** The last hold has gone, in a later turn: emit what waits, until the next hold. */
  resume(): void;
  /** Runs a task in a later turn. */
  defer(task: () => void): void;
  /** See {@link Holdable.giveBackOf}. */
  giveBackOf?(value: unknown): ((rest: Uint8Array) => void) | undefined;
}

/**
 * Something that emits and can be held: the current source of the values it emits.
 *
 * Holding is immediate. Resuming is not: it happens in a later turn, never inside a release, and
 * a new hold cancels it. Operators that make several values of one (framers) postpone the rest of
 * their work here when a hold comes in between, so a held source is silent to the value.
 */
export class Source implements Holdable {
  private readonly holds: Holds;
  private readonly postponed: (() => void)[] = [];
  private resuming = false;

  constructor(private readonly actions: SourceActions) {
    this.holds = new Holds(
      () => {
        actions.pause();
      },
      () => {
        this.resumeLater();
      },
    );
  }

  get held(): boolean {
    return this.holds.held;
  }

  get heldBy(): readonly unknown[] {
    return this.holds.heldBy;
  }

  /** True while nothing new may be emitted: held, about to resume, or postponed work first. */
  get waiting(): boolean {
    return this.resuming || this.holds.held || this.postponed.length > 0;
  }

  hold(cause: unknown): Release {
    return this.holds.hold(cause);
  }

  giveBackOf(value: unknown): ((rest: Uint8Array) => void) | undefined {
    return this.actions.giveBackOf?.(value);
  }

  postpone(work: () => void): () => void {
    this.postponed.push(work);
    if (!this.holds.held) this.resumeLater();
    return () => {
      const index = this.postponed.indexOf(work);
      if (index >= 0) this.postponed.splice(index, 1);
    };
  }

  /** Asks for {@link SourceActions.resume} in a later turn, as after the last release. */
  resumeLater(): void {
    if (this.resuming) return;
    this.resuming = true;
    this.actions.defer(() => {
      this.resuming = false;
      if (this.holds.held) return;
      this.runPostponed();
      if (this.holds.held) return;
      if (this.postponed.length > 0) this.resumeLater();
      else this.actions.resume();
    });
  }

  /**
   * Runs what was postponed when the turn began. Work that is postponed meanwhile comes before
   * the rest: it stands further down the pipeline, so its values are the older ones.
   */
  private runPostponed(): void {
    const outer = enterSource(this);
    try {
      for (let count = this.postponed.length; count > 0 && !this.holds.held; count -= 1) {
        const work = this.postponed.shift();
        const rest = this.postponed.splice(0);
        work?.();
        this.postponed.push(...rest);
      }
    } finally {
      leaveSource(outer);
    }
  }
}
