import { EventEmitter } from 'node:events';
import type { ConnectionOptions } from 'node:tls';
import {
  ClientProxy,
  type Deserializer,
  type IncomingResponse,
  type ReadPacket,
  type Serializer,
  type WritePacket,
} from '@nestjs/microservices';
import { lastValueFrom, of } from 'rxjs';
import { EventBase } from '../base/EventBase';
import { type OptionTable, checkedOptions, option } from '../common/options';
import type { ConnectConfig } from '../connection/ConnectConfig';
import type { Connection } from '../connection/Connection';
import { sendTo } from '../connection/sendTo';
import { encodePacket } from './encodePacket';
import type { LibeventEvents, LibeventStatus } from './LibeventEvents';
import { PACKET_OPTIONS, type PacketConfig } from './PacketConfig';
import { packets } from './packets';
import { secured } from './secured';
import { splitOptions } from './splitOptions';

/** Options of {@link LibeventClient}: its own, and those of `open`. */
export interface LibeventClientOptions
  extends PacketConfig, Omit<ConnectConfig, 'maxOutputBytes' | 'encoding' | 'port'> {
  /** Default: 3000. Bounds: 1 to 65535. */
  readonly port?: number;
  /** Where it connects. Default: the default base. */
  readonly base?: EventBase;
  /** Nest's name for `tls`, and Node's options, as far as `tls` has them. Default: a plain connection. */
  readonly tlsOptions?: ConnectionOptions;
  readonly serializer?: Serializer;
  readonly deserializer?: Deserializer;
}

const OPTIONS = {
  ...PACKET_OPTIONS,
  base: option.other<EventBase>(),
  tlsOptions: option.other<ConnectionOptions>(),
  serializer: option.other<Serializer>(),
  deserializer: option.other<Deserializer>(),
} satisfies OptionTable<Omit<LibeventClientOptions, keyof ConnectConfig>>;

/** Where Nest's TCP transport connects. */
const DEFAULTS = { port: 3000, host: 'localhost' };

/**
 * A client of Nest's, on the wire of its TCP transport: it talks to Nest's `ServerTCP` and to
 * `LibeventServer`.
 *
 * "`send` and `emit`, over libevent."
 *
 * It connects when it is first needed, and again when it is needed after the connection was lost; requests
 * that are under way then fail. A consumer that holds an answer (a saturated connection behind it, a held operator)
 * holds the server. `emit` completes when the event has been sent. `unwrap()` gives the `Connection`.
 *
 * @example
 * ```ts
 * const client = new LibeventClient({ host: '127.0.0.1', port: 3000 });
 * const sum = await firstValueFrom(client.send('sum', [1, 2, 3]));
 * ```
 * @see Nest's `ClientTCP`
 */
export class LibeventClient extends ClientProxy<LibeventEvents, LibeventStatus> {
  private readonly options;
  private readonly config: ConnectConfig;
  private readonly emitter = new EventEmitter();
  private connecting: Promise<Connection> | undefined;
  private connection: Connection | undefined;
  /** How often it has been closed. */
  private closes = 0;

  /** @throws TypeError, RangeError for its own options; those of `open` are checked when it connects */
  constructor(options: LibeventClientOptions = {}) {
    super();
    const { own, others } = splitOptions(options, OPTIONS);
    this.options = checkedOptions('config', own, OPTIONS);
    const where = others['path'] === undefined ? DEFAULTS : {};
    this.config = {
      ...where,
      ...others,
      ...secured(this.options, others),
      maxOutputBytes: this.options.maxSendBufferSize,
    };
    this.initializeSerializer(options);
    this.initializeDeserializer(options);
  }

  /** @returns the connection; everybody who asks meanwhile has the same */
  connect(): Promise<Connection> {
    return (this.connecting ??= this.open());
  }

  /** Sends what waits, then FIN; requests that are under way fail. */
  close(): void {
    const { connection, connecting } = this;
    this.closes += 1;
    this.connecting = undefined;
    if (connection === undefined) {
      connecting?.then(
        (late) => late.close(),
        () => undefined,
      );
      return;
    }
    this.lose(connection, undefined);
    connection.close();
  }

  override on<K extends keyof LibeventEvents>(event: K, callback: LibeventEvents[K]): void {
    this.emitter.on(event, callback);
  }

  // As Nest declares it.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  unwrap<T = Connection>(): T {
    if (this.connection === undefined) {
      throw new Error('not connected: call connect before the connection is asked for');
    }
    return this.connection as T;
  }

  protected publish(partial: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    try {
      const packet = this.assignPacketId(partial);
      const text = encodePacket(this.serializer.serialize(packet));
      const connection = this.openConnection();
      this.routingMap.set(packet.id, callback);
      connection.next(text);
      return () => this.routingMap.delete(packet.id);
    } catch (err) {
      callback({ err });
      return () => undefined;
    }
  }

  protected async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    const pattern = this.normalizePattern(packet.pattern as string);
    const text = encodePacket(this.serializer.serialize({ ...packet, pattern }));
    const sent = of(text).pipe(sendTo(this.openConnection()));
    return lastValueFrom(sent, { defaultValue: undefined as T });
  }

  private async open(): Promise<Connection> {
    const { base = EventBase.default } = this.options;
    const { closes } = this;
    try {
      const connection = await base.open(this.config);
      // Closed meanwhile, and perhaps wanted again: then another one is on its way.
      if (closes === this.closes) this.use(connection);
      return connection;
    } catch (error) {
      if (closes === this.closes) this.connecting = undefined;
      this._status$.next('disconnected');
      this.report(error);
      throw error;
    }
  }

  private use(connection: Connection): void {
    this.connection = connection;
    this._status$.next('connected');
    this.emitter.emit('connect');
    packets(connection, this.options).subscribe({
      next: (packet) => {
        this.receive(packet);
      },
      error: (error: unknown) => {
        // Garbage of the peer's ends the connection, too.
        connection.error(error);
        this.report(error);
        this.lose(connection, error);
      },
      complete: () => {
        this.lose(connection, undefined);
      },
    });
  }

  /** What cannot be deserialized answers nobody: whose it was is not known. */
  private receive(packet: object): void {
    let response: IncomingResponse | Promise<IncomingResponse>;
    try {
      response = this.deserializer.deserialize(packet);
    } catch (error) {
      this.report(error);
      return;
    }
    if (!(response instanceof Promise)) {
      this.answer(response);
      return;
    }
    response.then(
      (later) => {
        this.answer(later);
      },
      (error: unknown) => {
        this.report(error);
      },
    );
  }

  private answer({ id, err, response, isDisposed }: IncomingResponse): void {
    const callback = this.routingMap.get(id) as ((packet: WritePacket) => void) | undefined;
    const last = isDisposed === true || Boolean(err);
    callback?.({
      err: err as unknown,
      response: response as unknown,
      ...(last && { isDisposed: true }),
    });
  }

  private lose(connection: Connection, error: unknown): void {
    if (this.connection !== connection) return;
    this.connection = undefined;
    this.connecting = undefined;
    this._status$.next('disconnected');
    const callbacks = [...this.routingMap.values()];
    this.routingMap.clear();
    const err = error ?? new Error('Connection closed');
    for (const callback of callbacks) (callback as (packet: WritePacket) => void)({ err });
    this.emitter.emit('close');
  }

  private openConnection(): Connection {
    if (this.connection?.writable === true) return this.connection;
    throw new Error('Connection closed');
  }

  private report(error: unknown): void {
    if (this.emitter.listenerCount('error') > 0) this.emitter.emit('error', error);
  }
}
