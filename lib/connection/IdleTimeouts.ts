import type { LibeventError } from '../common/LibeventError';
import type { TimerHandle, TimerHandler, Timers } from '../events/Timers';
import type { IdleWatch, Idling } from './IdleWatch';

/** Looks in the time of a timeout: so it comes late by less than a quarter of it. */
const LOOKS = 4;

/** One connection, and how many looks in a row have found it as it was. */
class Watched implements IdleWatch {
  private movedBytes = NaN;
  private quietLooks = 0;

  constructor(
    private readonly period: IdlePeriod,
    readonly idling: Idling,
  ) {}

  renew(): void {
    this.movedBytes = NaN;
  }

  stop(): void {
    this.period.remove(this);
  }

  look(): void {
    const { idling } = this;
    const { movedBytes } = idling;
    if (movedBytes !== this.movedBytes || idling.rests) {
      this.movedBytes = movedBytes;
      this.quietLooks = 0;
      return;
    }
    this.quietLooks += 1;
    if (this.quietLooks < LOOKS) return;
    this.quietLooks = 0;
    idling.onTimeout('idle');
  }
}

/**
 * The connections with one idle timeout. They share a timer that fires once and is started anew after
 * each look: a periodic one would fire twice in a row when JavaScript has been busy, before what has come
 * meanwhile has been taken.
 */
class IdlePeriod implements TimerHandler {
  private readonly watched = new Set<Watched>();
  private timer: TimerHandle | undefined;

  constructor(
    private readonly timers: Timers,
    private readonly timeoutMs: number,
    private readonly onEmpty: (timeoutMs: number) => void,
  ) {}

  add(idling: Idling): IdleWatch {
    const watched = new Watched(this, idling);
    this.watched.add(watched);
    if (this.timer === undefined) this.start();
    return watched;
  }

  remove(watched: Watched): void {
    if (!this.watched.delete(watched) || this.watched.size > 0) return;
    this.timer?.stop();
    this.timer = undefined;
    this.onEmpty(this.timeoutMs);
  }

  /** The record of the timer stands behind those of all that was received before it was due. */
  onFired(): void {
    this.timer = undefined;
    for (const watched of this.watched) watched.look();
    if (this.watched.size > 0) this.start();
  }

  /** @param error - the system, or the reactor, has no room for the timer */
  onEnded(error: LibeventError | undefined): void {
    this.timer = undefined;
    if (error === undefined) return;
    for (const { idling } of this.watched) idling.onUnwatched(error);
  }

  private start(): void {
    // A base that is being closed ends its connections by itself.
    if (this.timers.refusal !== undefined) return;
    const dueMs = this.timeoutMs / LOOKS;
    const once = { periodMs: undefined, common: false, ref: false, priority: undefined };
    try {
      this.timer = this.timers.start({ dueMs, ...once }, this);
    } catch (error) {
      this.onEnded(error as LibeventError);
    }
  }
}

/**
 * The idle timeouts of one reactor: a timer for each duration, not for each connection. Nothing is done
 * when bytes move; the counters of both directions are compared when the timer fires.
 */
export class IdleTimeouts {
  private readonly periods = new Map<number, IdlePeriod>();

  constructor(private readonly timers: Timers) {}

  watch(timeoutMs: number, idling: Idling): IdleWatch {
    let period = this.periods.get(timeoutMs);
    if (period === undefined) {
      period = new IdlePeriod(this.timers, timeoutMs, (ms) => this.periods.delete(ms));
      this.periods.set(timeoutMs, period);
    }
    return period.add(idling);
  }
}
