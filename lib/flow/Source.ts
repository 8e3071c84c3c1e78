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
  /** Made by the first hold: most sources are never held. */
  private holds: Holds | undefined;
  private postponed: { readonly work: () => void }[] | undefined;
  /** Where the next postponed work goes while older work runs: in front of the rest. */
  private front: number | undefined;
  private resuming = false;

  constructor(private readonly actions: SourceActions) {}

  get held(): boolean {
    return this.holds?.held ?? false;
  }

  get heldBy(): readonly unknown[] {
    return this.holds?.heldBy ?? [];
  }

  /** True while nothing new may be emitted: held, about to resume, or at postponed work. */
  get waiting(): boolean {
    return this.resuming || this.held || this.front !== undefined;
  }

  /** True while operators have left work for the resume. */
  get hasPostponed(): boolean {
    return this.postponed !== undefined && this.postponed.length > 0;
  }

  hold(cause: unknown): Release {
    this.holds ??= new Holds(
      () => {
        this.actions.pause();
      },
      () => {
        this.resumeLater();
      },
    );
    return this.holds.hold(cause);
  }

  giveBackOf(value: unknown): ((rest: Uint8Array) => void) | undefined {
    return this.actions.giveBackOf?.(value);
  }

  postpone(work: () => void): () => void {
    const entry = { work };
    const postponed = (this.postponed ??= []);
    if (this.front === undefined) postponed.push(entry);
    else postponed.splice(this.front++, 0, entry);
    if (!this.held) this.resumeLater();
    return () => {
      const index = postponed.indexOf(entry);
      if (index < 0) return;
      postponed.splice(index, 1);
      if (this.front !== undefined && index < this.front) this.front -= 1;
    };
  }

  /** Asks for {@link SourceActions.resume} in a later turn, as after the last release. */
  resumeLater(): void {
    if (this.resuming) return;
    this.resuming = true;
    this.actions.defer(() => {
      this.resuming = false;
      this.goOn();
    });
  }

  private goOn(): void {
    try {
      this.runPostponed();
    } catch (error) {
      if (!this.held) this.resumeLater();
      throw error;
    }
    // Work that was postponed, or a hold that came and went, has asked for a turn of its own.
    if (!this.waiting) this.actions.resume();
  }

  /**
   * Runs what was postponed when the turn began. Work that is postponed meanwhile comes before
   * the rest: it stands further down the pipeline, so its values are the older ones. A hold ends
   * the run, even one that has gone again.
   */
  private runPostponed(): void {
    const { postponed } = this;
    if (postponed === undefined) return;
    const outer = enterSource(this);
    const stopped = (): boolean => this.held || this.resuming;
    try {
      for (let count = postponed.length; count > 0 && !stopped(); count -= 1) {
        this.front = 0;
        postponed.shift()?.work();
      }
    } finally {
      this.front = undefined;
      leaveSource(outer);
    }
  }
}
