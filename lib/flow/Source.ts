/** Releases a hold. Calling it again does nothing. */
export type Release = () => void;

/** The part of a source that sinks and operators see while one of its values passes. */
export interface Holdable {
  /** True while somebody holds the source. */
  readonly held: boolean;
  /** Holds the source until the returned function is called. */
  hold(cause: unknown): Release;
  /**
   * As {@link Holdable.hold}, but the hold ends with the subscription whose value passes, too.
   * Absent where the source has one subscription only, and ends with it.
   *
   * @param whenUnsubscribed - called when the subscription has released the hold
   */
  holdWhileSubscribed?(cause: unknown, whenUnsubscribed: () => void): Release;
  /**
   * Leaves the rest of an operator's work for the resume. It runs before anything new is emitted,
   * in stream order, with this source as the current one.
   *
   * @returns takes the work back
   */
  postpone(work: () => void): () => void;
  /**
   * The way back for bytes of the value that is being emitted, if the source has one: gives a
   * function that returns unused bytes to the front of the source, or undefined if `value` is not
   * what the source emitted (an operator has changed it).
   */
  giveBackOf?(value: unknown): ((rest: Uint8Array) => void) | undefined;
  /**
   * Says that work on what the source has emitted goes on, though the source has completed: a
   * connection keeps its output open until the returned function is called.
   */
  keepOpen?(): Release | undefined;
  /**
   * Of a listener: accepts nobody who comes from here on, and completes behind those who are there.
   *
   * @returns false if it has ended already
   */
  stopAccepting?(): boolean;
  /** @internal Of a listener: the account of what it emits, which begins with the first call. */
  arrivals?(): Arrivals | undefined;
}

/** What a listener has emitted, and no consumer has got yet: a stage in between is at work on it. */
export interface Arrivals {
  /** A consumer has got it. */
  take(value: object): void;
  /** No consumer is left: what nobody uses is destroyed, if the listener has ended. */
  abandon(): void;
}

/** A sink that is subscribing to its source. */
export interface Subscribing {
  readonly outer: Subscribing | undefined;
  /** An input has been subscribed to meanwhile: what the sink is given derives from it. */
  onFedBy?(input: object): void;
  /** A listener has been subscribed to meanwhile. */
  onAcceptor?(acceptor: Holdable): void;
}

/**
 * The source whose `next` is running: a dynamic scope, so it exists only while a value passes
 * synchronously. Everything that emits on behalf of a source enters on the way in and restores
 * what it found on the way out, so scopes nest.
 *
 * The key is registered: two copies of the package in one process share the scope, and a sink of
 * one holds a source of the other.
 */
interface Scope {
  source: Holdable | undefined;
  subscribing: Subscribing | undefined;
}

const key = Symbol.for('rxjs-libevent.scope');
const shared = globalThis as unknown as Record<symbol, Scope | undefined>;
// Sealed: jest wraps what it finds on the global object, and what that has, when a test has ended.
const scope: Scope = (shared[key] ??= Object.seal({
  source: undefined,
  subscribing: undefined,
}));

export function currentSource(): Holdable | undefined {
  return scope.source;
}

/** Makes `source` the current one and returns what to give to {@link leaveSource}. */
export function enterSource(source: Holdable | undefined): Holdable | undefined {
  const outer = scope.source;
  scope.source = source;
  return outer;
}

export function leaveSource(outer: Holdable | undefined): void {
  scope.source = outer;
}

export function currentSubscribing(): Subscribing | undefined {
  return scope.subscribing;
}

/** Makes a sink the one that is subscribing; undefined ends its scope. */
export function enterSubscribing(sink: Subscribing | undefined): void {
  scope.subscribing = sink;
}

/**
 * The key of what has handed a value over: the listener of an accepted connection. A listener is
 * never the current source, as handing a connection over is no byte that passes: so no sink that is
 * filled meanwhile stops accepting. Who counts connections (`concurrency`) finds the listener here.
 */
export const acceptedBy = Symbol.for('rxjs-libevent.acceptedBy');

/** The listener that has accepted a connection; undefined for other values. */
export function acceptorOf(value: unknown): Holdable | undefined {
  return typeof value === 'object' && value !== null
    ? (value as { readonly [acceptedBy]?: Holdable })[acceptedBy]
    : undefined;
}

/**
 * Counted holds, by cause. The owner hears only of the first hold and of the last release.
 *
 * A cause may hold more than once: every hold has a release of its own.
 */
export class Holds {
  private readonly causes = new Map<unknown, number>();
  private total = 0;

  /**
   * @param onHeld - called when the count goes from 0 to 1
   * @param onReleased - called when the count goes from 1 to 0
   * @param onChanged - called after each hold and each release
   */
  constructor(
    private readonly onHeld: () => void,
    private readonly onReleased: () => void,
    private readonly onChanged?: () => void,
  ) {}

  get held(): boolean {
    return this.total > 0;
  }

  get heldBy(): readonly unknown[] {
    return [...this.causes.keys()];
  }

  hold(cause: unknown): Release {
    this.causes.set(cause, (this.causes.get(cause) ?? 0) + 1);
    this.total += 1;
    try {
      if (this.total === 1) this.onHeld();
    } catch (error) {
      // Nobody will get a release, so nobody holds.
      this.forget(cause);
      throw error;
    }
    this.onChanged?.();
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.forget(cause);
      if (this.total === 0) this.onReleased();
      this.onChanged?.();
    };
  }

  private forget(cause: unknown): void {
    const count = this.causes.get(cause) ?? 0;
    if (count > 1) this.causes.set(cause, count - 1);
    else this.causes.delete(cause);
    this.total -= 1;
  }
}

/** The sources that a sink or an operator holds, each of them once. */
export class HoldSet {
  private readonly releases = new Map<Holdable, Release>();

  /** @param cause - what `connection.heldBy` names */
  constructor(private readonly cause: unknown) {}

  hold(source: Holdable | undefined): void {
    if (source === undefined || this.releases.has(source)) return;
    const release =
      source.holdWhileSubscribed?.(this.cause, () => this.releases.delete(source)) ??
      source.hold(this.cause);
    this.releases.set(source, release);
  }

  releaseAll(): void {
    if (this.releases.size === 0) return;
    const releases = [...this.releases.values()];
    this.releases.clear();
    for (const release of releases) release();
  }
}

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
  /** See {@link Holdable.keepOpen}. */
  keepOpen?(): Release | undefined;
  /** See {@link Holdable.stopAccepting}. */
  stopAccepting?(): boolean;
  /** See {@link Holdable.arrivals}. */
  arrivals?(): Arrivals;
  /** A hold has come or gone. */
  holdsChanged?(): void;
}

/** Work that an operator has left for the resume, and in whose name it emits. */
interface Postponed {
  readonly work: () => void;
  readonly source: Holdable;
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
  private postponed: Postponed[] | undefined;
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
      () => this.actions.holdsChanged?.(),
    );
    return this.holds.hold(cause);
  }

  giveBackOf(value: unknown): ((rest: Uint8Array) => void) | undefined {
    return this.actions.giveBackOf?.(value);
  }

  keepOpen(): Release | undefined {
    return this.actions.keepOpen?.();
  }

  stopAccepting(): boolean {
    return this.actions.stopAccepting?.() ?? false;
  }

  arrivals(): Arrivals | undefined {
    return this.actions.arrivals?.();
  }

  /** @param source - the current source of the work: this one, or a subscription to it */
  postpone(work: () => void, source: Holdable = this): () => void {
    const entry = { work, source };
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
    const outer = currentSource();
    const stopped = (): boolean => this.held || this.resuming;
    try {
      for (let count = postponed.length; count > 0 && !stopped(); count -= 1) {
        this.front = 0;
        const entry = postponed.shift();
        enterSource(entry?.source);
        entry?.work();
      }
    } finally {
      this.front = undefined;
      leaveSource(outer);
    }
  }
}
