import type { LibeventError } from '../common/LibeventError';
import type { Transport } from './Transport';

/** Called once, with an error if the bytes cannot be sent. */
export type SentCallback = (error: LibeventError | undefined) => void;

/** Somebody who waits until the bytes before a position have been sent. */
interface Waiter {
  readonly position: number;
  readonly done: SentCallback;
}

/** Who waits for which position of an output; the transport gives one notice at a time. */
export class SentNotices {
  /** In the order of their positions, which only grow. */
  private readonly waiters = new Set<Waiter>();
  /** The position that the transport has been asked for. */
  private asked = Infinity;

  constructor(private transport: Transport) {}

  /** Asks this one from now on, also for what the one before has been asked for. */
  moveTo(transport: Transport): void {
    this.transport = transport;
    const { asked } = this;
    this.asked = Infinity;
    if (asked < Infinity) this.ask(asked);
  }

  /** @returns takes the wish back */
  add(position: number, done: SentCallback): () => void {
    const waiter = { position, done };
    this.waiters.add(waiter);
    this.ask(position);
    return () => {
      this.waiters.delete(waiter);
    };
  }

  /** Asks for a notice at a position, unless an earlier one is on its way. */
  ask(position: number): void {
    if (position >= this.asked) return;
    this.asked = position;
    this.transport.notify(position);
  }

  /** The notice has come. Gives those who have waited for no more than `sent`. */
  take(sent: number): SentCallback[] {
    this.asked = Infinity;
    const due: SentCallback[] = [];
    for (const waiter of this.waiters) {
      if (waiter.position > sent) {
        this.ask(waiter.position);
        break;
      }
      this.waiters.delete(waiter);
      due.push(waiter.done);
    }
    return due;
  }

  /** Nothing more will be sent. */
  end(error: LibeventError | undefined): void {
    const waiters = [...this.waiters];
    this.waiters.clear();
    for (const { done } of waiters) done(error);
  }
}
