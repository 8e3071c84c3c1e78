import { Observable, type Subscriber } from 'rxjs';
import { enterSource, leaveSource } from '../../lib/flow/Source';
import { Source } from '../../lib/flow/Source';

/**
 * A connection without a socket: emits chunks while it has a subscriber and is not held, and takes
 * unused bytes back. Turns are run by hand.
 */
export class FakeConnection extends Observable<Buffer> {
  readonly flow: Source;
  readonly returned: Buffer[] = [];
  readonly queue: Buffer[];
  /** Whether somebody was subscribed at the moment when bytes came back. */
  subscribedWhenReturned = false;
  subscriptions = 0;
  private readonly turns: (() => void)[] = [];
  private subscriber: Subscriber<Buffer> | undefined;
  private ending: ((subscriber: Subscriber<Buffer>) => void) | undefined;

  constructor(chunks: readonly Buffer[] = [], canReturn = true) {
    super((subscriber) => {
      this.subscriber = subscriber;
      this.subscriptions += 1;
      this.flow.resumeLater();
      return () => {
        if (this.subscriber === subscriber) this.subscriber = undefined;
      };
    });
    this.queue = [...chunks];
    let emitting: Buffer | undefined;
    this.flow = new Source({
      pause: () => undefined,
      resume: () => {
        const outer = enterSource(this.flow);
        while (this.subscriber !== undefined && !this.flow.waiting) {
          emitting = this.queue.shift();
          if (emitting === undefined) {
            this.ending?.(this.subscriber);
            break;
          }
          this.subscriber.next(emitting);
        }
        emitting = undefined;
        leaveSource(outer);
      },
      defer: (task) => this.turns.push(task),
      giveBackOf: (value) => {
        if (!canReturn || value !== emitting) return undefined;
        return (rest) => {
          this.subscribedWhenReturned ||= this.subscriber !== undefined;
          this.returned.push(Buffer.from(rest));
          this.queue.unshift(Buffer.from(rest));
        };
      },
    });
  }

  get subscribed(): boolean {
    return this.subscriber !== undefined;
  }

  /** Bytes that nobody has had. */
  get left(): Buffer {
    return Buffer.concat(this.queue);
  }

  arrive(...chunks: Buffer[]): this {
    this.queue.push(...chunks);
    this.flow.resumeLater();
    return this;
  }

  endWith(error?: Error): this {
    this.ending = (subscriber) => {
      if (error === undefined) subscriber.complete();
      else subscriber.error(error);
    };
    this.flow.resumeLater();
    return this;
  }

  /** Runs one turn, if there is one. */
  turn(): boolean {
    const task = this.turns.shift();
    task?.();
    return task !== undefined;
  }

  /** Runs turns until none is left. */
  run(): this {
    while (this.turn());
    return this;
  }
}
