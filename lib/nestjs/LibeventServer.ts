import { EventEmitter } from 'node:events';
import type { TlsOptions } from 'node:tls';
import {
  type CustomTransportStrategy,
  type Deserializer,
  type OutgoingResponse,
  type PacketId,
  type ReadPacket,
  type Serializer,
  Server,
  Transport,
  type WritePacket,
} from '@nestjs/microservices';
import { EMPTY, type Observable, Subject, isObservable, map, of, takeUntil } from 'rxjs';
import { EventBase } from '../base/EventBase';
import { checkCount } from '../common/check';
import { type OptionTable, checkedOptions, option } from '../common/options';
import type { Connection } from '../connection/Connection';
import type { ListenConfig } from '../connection/ListenConfig';
import type { Listener } from '../connection/Listener';
import { sendTo } from '../connection/sendTo';
import { serve } from '../connection/serve';
import { mergeMapHeld } from '../flow/mergeMapHeld';
import { MAX_MS } from '../connection/ConnectionConfig';
import { encodePacket } from './encodePacket';
import { LibeventContext } from './LibeventContext';
import type { LibeventEvents, LibeventStatus } from './LibeventEvents';
import { PACKET_OPTIONS, type PacketConfig } from './PacketConfig';
import { packets } from './packets';
import { replyPackets } from './replyPackets';
import { secured } from './secured';
import { splitOptions } from './splitOptions';

/** Options of {@link LibeventServer}: its own, and those of `listen`. */
export interface LibeventServerOptions
  extends PacketConfig, Omit<ListenConfig, 'maxOutputBytes' | 'encoding'> {
  /** Where it listens. Default: the default base. */
  readonly base?: EventBase;
  /**
   * Requests of one connection whose handlers are at work, at most; it is not read meanwhile. A handler
   * that has returned an Observable does not count. Default: 64. Bounds: 1 to `Infinity`.
   */
  readonly concurrency?: number;
  /** How long answers that are under way may take when it closes, in ms. Default: 10000. */
  readonly shutdownDeadlineMs?: number;
  /**
   * Nest's name for `tls`, and Node's options, as far as `tls` has them; `handshakeTimeout` is
   * `handshakeTimeoutMs`. Default: plain connections.
   */
  readonly tlsOptions?: TlsOptions;
  readonly serializer?: Serializer;
  readonly deserializer?: Deserializer;
}

const OPTIONS = {
  ...PACKET_OPTIONS,
  base: option.other<EventBase>(),
  concurrency: (value = 64, name) => checkCount(name, value),
  shutdownDeadlineMs: option.integer('ms', 0, MAX_MS, 10_000),
  tlsOptions: option.other<TlsOptions>(),
  serializer: option.other<Serializer>(),
  deserializer: option.other<Deserializer>(),
} satisfies OptionTable<Omit<LibeventServerOptions, keyof ListenConfig>>;

/** Where Nest's TCP transport listens. */
const DEFAULT_PORT = 3000;

/** What Nest's own server says. */
const NO_HANDLER = 'There is no matching message handler defined in the remote service.';

/**
 * A transport of Nest's, on the wire of its TCP transport: Nest's `ClientTCP` talks to it.
 *
 * "Nest over libevent; a client that does not read is waited for."
 *
 * Answers go out with back-pressure: while a client does not read, its requests are not read either, and the
 * Observables of its handlers are held, as far as they can be (`fromReadable`, `holdable`, a connection).
 *
 * `close()` takes no more requests, lets those that are under way be answered, then closes the connections.
 * `unwrap()` gives the `Listener`, whose `bound` says the port.
 *
 * @example
 * ```ts
 * const app = await NestFactory.createMicroservice(AppModule, {
 *   strategy: new LibeventServer({ host: '127.0.0.1', port: 3000 }),
 * });
 * await app.listen();
 * ```
 * @see Nest's `ServerTCP`
 */
export class LibeventServer
  extends Server<LibeventEvents, LibeventStatus>
  implements CustomTransportStrategy
{
  override transportId: Transport | symbol = Transport.TCP;
  private readonly options;
  private readonly config: ListenConfig;
  private readonly emitter = new EventEmitter();
  private readonly closing = new Subject<void>();
  private listener: Listener | undefined;
  private ended: Promise<void> = Promise.resolve();

  /** @throws TypeError, RangeError for its own options; those of `listen` are checked when it listens */
  constructor(options: LibeventServerOptions = {}) {
    super();
    const { own, others } = splitOptions(options, OPTIONS);
    this.options = checkedOptions('config', own, OPTIONS);
    this.config = {
      ...others,
      ...secured(this.options, others),
      maxOutputBytes: this.options.maxSendBufferSize,
    };
    if (others['path'] === undefined && others['fd'] === undefined) {
      this.config = { port: DEFAULT_PORT, ...this.config };
    }
    this.initializeSerializer(options);
    this.initializeDeserializer(options);
  }

  listen(callback: (error?: unknown) => void): void {
    const { base = EventBase.default, shutdownDeadlineMs } = this.options;
    const listener = base.listen(this.config);
    this.listener = listener;
    listener.bound.subscribe({
      next: () => {
        this._status$.next('connected');
        this.emitter.emit('listening');
        callback();
      },
      // The pipeline has it, too.
      error: callback,
    });
    const sessions = listener.pipe(
      serve((connection) => this.session(connection), {
        onError: (error) => {
          this.report(error);
        },
        shutdown: this.closing,
        shutdownDeadlineMs,
      }),
    );
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this._status$.next('disconnected');
        this.emitter.emit('close');
        resolve();
      };
      sessions.subscribe({
        error: (error: unknown) => {
          this.report(error);
          end();
        },
        complete: end,
      });
    });
  }

  /** @returns when all connections have ended */
  close(): Promise<void> {
    this.closing.next();
    return this.ended;
  }

  on<K extends keyof LibeventEvents>(event: K, callback: LibeventEvents[K]): void {
    this.emitter.on(event, callback);
  }

  // As Nest declares it.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  unwrap<T = Listener>(): T {
    if (this.listener === undefined) {
      throw new Error('not listening: call listen before the listener is asked for');
    }
    return this.listener as T;
  }

  private session(connection: Connection): Observable<never> {
    return packets(connection, this.options).pipe(
      takeUntil(this.closing),
      mergeMapHeld((packet) => this.handle(packet, connection), this.options.concurrency),
      mergeMapHeld((answers) => answers, Infinity),
      sendTo(connection),
    );
  }

  /** Runs a handler; gives its answers, encoded. Whatever the peer has sent, it does not fail. */
  private async handle(raw: object, connection: Connection): Promise<Observable<string>> {
    try {
      const packet = (await this.deserializer.deserialize(raw)) as ReadPacket & Partial<PacketId>;
      const pattern = this.getPatternAsString(packet.pattern);
      const context = new LibeventContext([connection, pattern]);
      const { id } = packet;
      if (id !== undefined) return await this.answers({ ...packet, id }, pattern, context);
      await this.handleEvent(pattern, packet, context);
    } catch (error) {
      this.report(error);
    }
    return EMPTY;
  }

  private answers(
    { id, data }: ReadPacket & PacketId,
    pattern: string,
    context: LibeventContext,
  ): Promise<Observable<string>> {
    const encoded = (replies: Observable<WritePacket>, then?: () => void): Observable<string> =>
      replies.pipe(
        map((reply) => {
          const text = this.encode({ ...reply, id });
          then?.();
          return text;
        }),
      );
    // Nest looks for what is not a name by itself: the JSON of an object, whose keys it sorts.
    const handler = this.messageHandlers.get(pattern) ?? this.getHandlerByPattern(pattern);
    if (handler === null) {
      return Promise.resolve(encoded(of({ status: 'error', err: NO_HANDLER })));
    }
    return new Promise((resolve) => {
      this.onProcessingStartHook(this.transportId, context, async () => {
        let replies: Observable<WritePacket>;
        try {
          const result: unknown = await handler(data, context);
          replies = isObservable(result)
            ? replyPackets(result)
            : of({ response: result, isDisposed: true });
        } catch (error) {
          this.report(error);
          replies = of({ err: messageOf(error), isDisposed: true });
        }
        resolve(
          encoded(replies, () => {
            // Optional: without an application it is not set.
            (this.onProcessingEndHook as HookOrNone)?.(this.transportId, context);
          }),
        );
      });
    });
  }

  /** An answer that JSON cannot say is an error. */
  private encode(packet: OutgoingResponse): string {
    try {
      return encodePacket(this.serializer.serialize(packet));
    } catch (error) {
      this.report(error);
      return encodePacket({ id: packet.id, err: messageOf(error), isDisposed: true });
    }
  }

  private report(error: unknown): void {
    this.handleError(error as string);
    if (this.emitter.listenerCount('error') > 0) this.emitter.emit('error', error);
  }
}

type HookOrNone = ((transportId: Transport | symbol, context: LibeventContext) => void) | undefined;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
