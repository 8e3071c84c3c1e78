import {
  DeliverPolicy,
  jetstream,
  type JetStreamClient,
  jetstreamManager,
  type JsMsg,
  StorageType,
} from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { defer, filter, map, Observable, retry, tap, timer } from 'rxjs';
import { holdable } from 'rxjs-libevent';

/** A line of a room, with its place in what all rooms have said. */
export interface RoomLine {
  readonly sequence: number;
  readonly text: string;
}

const STREAM = 'chat';
const ANSWER_WITHIN_MS = 1000;
const AGAIN_AFTER_MS = 250;
const MAX_LINE_BYTES = 8192;
/** What waits for a guest that does not read: this many lines here, the rest on the disk of NATS. */
const MAX_WAITING_LINES = 64;

/** Rooms that many nodes share: a stream of NATS that is kept on disk. */
export class Rooms {
  private readonly stream: JetStreamClient;
  private reachable = true;

  private constructor(
    private readonly nats: NatsConnection,
    private readonly report: (what: string) => void,
  ) {
    this.stream = jetstream(nats);
    void this.watch();
  }

  /** @param report - called when NATS goes and comes */
  static async open(server: string, report: (what: string) => void): Promise<Rooms> {
    const nats = await connect({
      servers: server,
      timeout: ANSWER_WITHIN_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: AGAIN_AFTER_MS,
    });
    try {
      const manager = await jetstreamManager(nats);
      await manager.streams.add({
        name: STREAM,
        subjects: [`${STREAM}.*`],
        storage: StorageType.File,
        max_msg_size: MAX_LINE_BYTES,
      });
    } catch (error) {
      await nats.close();
      throw error;
    }
    return new Rooms(nats, report);
  }

  /**
   * Stores a line.
   *
   * @param id - one that has been stored with this id in the last two minutes is not stored again
   * @returns its sequence, when it is on the disk; rejects when that is not known
   */
  async say(room: string, id: string, text: string): Promise<number> {
    // What the client of NATS would gather meanwhile has no bound.
    if (!this.reachable) throw new Error('NATS cannot be reached');
    const options = { msgID: id, timeout: ANSWER_WITHIN_MS };
    return (await this.stream.publish(`${STREAM}.${room}`, text, options)).seq;
  }

  /**
   * The lines of a room behind a sequence, each once, whatever happens to NATS meanwhile; then the new
   * ones. While it is held, no more of them are pulled.
   */
  lines(room: string, after: number): Observable<RoomLine> {
    let last = after;
    let reported = '';
    return defer(() => this.pull(room, last)).pipe(
      map((message) => ({ sequence: message.seq, text: message.string() })),
      filter(({ sequence }) => sequence > last),
      tap(({ sequence }) => (last = sequence)),
      retry({
        delay: ({ message }: Error) => {
          // That NATS has gone has been said.
          if (this.reachable && message !== reported) this.report(`${room}: ${message}`);
          reported = message;
          return timer(AGAIN_AFTER_MS);
        },
      }),
    );
  }

  async close(): Promise<void> {
    await this.nats.close();
  }

  /** A consumer of one guest's. */
  private pull(room: string, after: number): Observable<JsMsg> {
    let resumed = Promise.resolve();
    let resume = (): void => undefined;
    const messages = new Observable<JsMsg>((subscriber) => {
      const run = async (): Promise<void> => {
        const consumer = await this.stream.consumers.get(STREAM, {
          filter_subjects: `${STREAM}.${room}`,
          deliver_policy: DeliverPolicy.StartSequence,
          opt_start_seq: after + 1,
        });
        subscriber.add(() => void consumer.delete().catch(() => undefined));
        const pulled = await consumer.consume({
          max_messages: MAX_WAITING_LINES,
          expires: ANSWER_WITHIN_MS,
        });
        subscriber.add(() => {
          pulled.stop();
          resume();
        });
        for await (const message of pulled) {
          subscriber.next(message);
          await resumed;
          if (subscriber.closed) return;
        }
        throw new Error('the consumer has ended');
      };
      run().catch((error: unknown) => subscriber.error(error));
    });
    return holdable(messages, {
      pause: () => {
        resumed = new Promise((resolve) => (resume = resolve));
      },
      resume: () => {
        resume();
      },
    });
  }

  private async watch(): Promise<void> {
    for await (const { type } of this.nats.status()) {
      if (type !== 'disconnect' && type !== 'reconnect') continue;
      this.reachable = type === 'reconnect';
      this.report(`NATS ${this.reachable ? 'is there again' : 'has gone'}`);
    }
  }
}
